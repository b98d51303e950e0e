namespace Tenon.OpenStack.Http;

/// <summary>
/// The URLs of a service as calls need them, whatever the catalog lists: with or without a version, with or without a
/// project below it.
/// </summary>
/// <param name="Unversioned">The root above all versions, with a trailing slash.</param>
/// <param name="Version">The version's own document, with a trailing slash.</param>
/// <param name="Base">Where the resources are, with a trailing slash.</param>
internal sealed record ServiceRoot(string Unversioned, string Version, string Base)
{
    /// <summary>Derives the URLs from the catalog's.</summary>
    /// <param name="serviceType">The official type.</param>
    /// <param name="catalogUrl">What the catalog or an override says.</param>
    public static ServiceRoot Of(string serviceType, string catalogUrl)
    {
        string url = catalogUrl.TrimEnd('/');
        (string above, string? version, string below) = Cut(url);
        return serviceType switch
        {
            ServiceTypes.Compute => Make(above, version ?? "v2.1", below),
            ServiceTypes.BlockStorage => Make(above, version ?? "v3", below),
            ServiceTypes.Identity => Make(above, "v3", ""),
            ServiceTypes.Network or ServiceTypes.LoadBalancer => Make(above, "v2.0", ""),
            ServiceTypes.Image => Make(above, "v2", ""),
            ServiceTypes.KeyManager => Make(above, "v1", ""),
            _ => Make(above, version ?? "", below),
        };
    }

    private static ServiceRoot Make(string above, string version, string below)
    {
        string root = above + "/";
        string versioned = version.Length == 0 ? root : $"{root}{version}/";
        return new(root, versioned, below.Length == 0 ? versioned : $"{versioned}{below}/");
    }

    /// <summary>Parts a URL at its last segment that is a version, such as <c>v2.1</c>.</summary>
    private static (string Above, string? Version, string Below) Cut(string url)
    {
        int pathStart = url.IndexOf("://", StringComparison.Ordinal) is var scheme && scheme >= 0
            ? url.IndexOf('/', scheme + 3)
            : url.IndexOf('/', StringComparison.Ordinal);
        if (pathStart < 0) return (url, null, "");
        string[] segments = url[(pathStart + 1)..].Split('/');
        int at = Array.FindLastIndex(segments, s => s.Length > 1 && s[0] == 'v' && ApiVersion.TryParse(s, out _));
        return at < 0
            ? (url, null, "")
            : (string.Join('/', [url[..pathStart], .. segments[..at]]), segments[at], string.Join('/', segments[(at + 1)..]));
    }
}
