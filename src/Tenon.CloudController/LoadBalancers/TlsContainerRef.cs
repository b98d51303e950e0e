namespace Tenon.CloudController.LoadBalancers;

/// <summary>A reference to a certificate in Barbican, <c>https://HOST/v1/containers/UUID</c> or <c>…/v1/secrets/UUID</c>.</summary>
internal static class TlsContainerRef
{
    public const string Fix = "Write https://KEYMANAGER/v1/containers/UUID or https://KEYMANAGER/v1/secrets/UUID, or set container-store=external.";

    /// <summary>Whether a text is one.</summary>
    public static bool Is(string reference) => reference.Trim().Split('/') is [.., "containers" or "secrets", { Length: > 0 }];
}
