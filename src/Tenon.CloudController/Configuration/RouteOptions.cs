using Tenon.OpenStack.Configuration;

namespace Tenon.CloudController.Configuration;

/// <summary>The section <c>[Route]</c> of cloud.conf.</summary>
public sealed record RouteOptions
{
    /// <summary>The router that carries the nodes' pod routes; <see langword="null"/> takes the one on the nodes' subnet where routes are asked for.</summary>
    public string? RouterId { get; init; }

    /// <summary>What the section may hold.</summary>
    public static SectionDefinition Definition { get; } = new("Route", HasSubsections: false,
    [
        new("router-id", OptionKind.Text, "the router on the nodes' subnet"),
    ]);

    /// <summary>Reads the section, gathering problems.</summary>
    public static RouteOptions Read(OptionReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new RouteOptions { RouterId = Identifiers.Read(reader, "router-id", "router") };
    }
}

/// <summary>Identifiers of cloud resources.</summary>
internal static class Identifiers
{
    /// <summary>Reads an ID, which must look like one: a name there would fail on every call, much later.</summary>
    public static string? Read(OptionReader reader, string option, string resource)
    {
        string? text = reader.Text(option);
        if (text is null || LooksLikeId(text)) return text;
        reader.Error(option, text, "it is not an ID", $"Write the {resource}'s ID, as `openstack {resource} show NAME -c id` prints it.");
        return text;
    }

    public static bool LooksLikeId(string text)
        => Guid.TryParse(text, out _) || (text.Length >= 8 && text.All(c => char.IsAsciiHexDigit(c) || c == '-'));
}
