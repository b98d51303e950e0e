namespace Tenon.CloudController.LoadBalancers;

/// <summary>A reference to a certificate in Barbican, <c>https://HOST/v1/containers/UUID</c> or <c>…/v1/secrets/UUID</c>.</summary>
/// <param name="Kind"><c>containers</c> or <c>secrets</c>.</param>
/// <param name="Id">The UUID at its end.</param>
/// <param name="Reference">The whole, as Octavia wants it.</param>
internal sealed record TlsContainerRef(string Kind, string Id, string Reference)
{
    public const string Fix = "Write https://KEYMANAGER/v1/containers/UUID or https://KEYMANAGER/v1/secrets/UUID, or set container-store=external.";

    /// <summary>Reads a reference; <see langword="null"/> when it is none.</summary>
    public static TlsContainerRef? Parse(string reference)
    {
        string[] parts = reference.Trim().Split('/');
        return parts is [.., "containers" or "secrets", { Length: > 0 } id] ? new(parts[^2], id, reference.Trim()) : null;
    }
}
