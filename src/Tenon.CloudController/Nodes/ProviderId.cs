using System.Diagnostics.CodeAnalysis;

namespace Tenon.CloudController.Nodes;

/// <summary>A node's identity in the cloud: <c>openstack:///ID</c>, or <c>openstack://REGION/ID</c>.</summary>
/// <param name="Region">The region; empty in the short form.</param>
/// <param name="ServerId">The server's ID.</param>
public sealed record ProviderId(string Region, string ServerId)
{
    private const string Scheme = "openstack";

    /// <summary>Reads a provider ID; <see langword="false"/> when it is another cloud's or malformed.</summary>
    /// <remarks>An ID without any scheme counts as ours, as old kubelets wrote it.</remarks>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ProviderId? providerId)
    {
        providerId = null;
        if (string.IsNullOrEmpty(text)) return false;
        int separator = text.IndexOf("://", StringComparison.Ordinal);
        string rest = separator < 0 ? text : text[(separator + 3)..];
        if (separator >= 0 && text[..separator] != Scheme) return false;
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0) return false;
        string id = rest[(slash + 1)..];
        if (id.Length == 0 || id.Contains('/', StringComparison.Ordinal)) return false;
        providerId = new ProviderId(rest[..slash], id);
        return true;
    }

    /// <summary>Whether a text names another cloud than OpenStack.</summary>
    public static bool IsForeign(string text)
        => text.IndexOf("://", StringComparison.Ordinal) is > 0 and var at && text[..at] != Scheme;

    /// <inheritdoc/>
    public override string ToString() => $"{Scheme}://{Region}/{ServerId}";
}
