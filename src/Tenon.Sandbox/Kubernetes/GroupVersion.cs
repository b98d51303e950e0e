namespace Tenon.Sandbox.Kubernetes;

/// <summary>An API group and version; the core group is the empty string.</summary>
/// <param name="Group">The group, for example <c>apps</c>.</param>
/// <param name="Version">The version, for example <c>v1</c>.</param>
public readonly record struct GroupVersion(string Group, string Version)
{
    /// <summary>Reads <c>group/version</c> or <c>version</c>.</summary>
    public static GroupVersion Parse(string apiVersion)
    {
        ArgumentNullException.ThrowIfNull(apiVersion);
        int slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? new("", apiVersion) : new(apiVersion[..slash], apiVersion[(slash + 1)..]);
    }

    /// <summary>As <c>apiVersion</c> fields write it.</summary>
    public override string ToString() => Group.Length == 0 ? Version : $"{Group}/{Version}";
}

/// <summary>A resource in its group, whatever the version: what storage and authorization are keyed by.</summary>
/// <param name="Group">The group; empty for core.</param>
/// <param name="Resource">The plural resource name.</param>
public readonly record struct GroupResource(string Group, string Resource)
{
    /// <summary>As error messages write it: <c>deployments.apps</c>, <c>pods</c>.</summary>
    public override string ToString() => Group.Length == 0 ? Resource : $"{Resource}.{Group}";
}
