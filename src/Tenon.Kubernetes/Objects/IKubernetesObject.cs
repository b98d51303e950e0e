namespace Tenon.Kubernetes.Objects;

/// <summary>
/// An object of the Kubernetes API: a namespaced or cluster-scoped thing with metadata. Objects that come from an informer are shared by all
/// readers and are never changed; make a changed copy with <c>with</c>.
/// </summary>
public interface IKubernetesObject
{
    /// <summary>Where objects of this type live in the API.</summary>
    static abstract ResourceType Resource { get; }

    /// <summary>The object's name, labels, owners and versions.</summary>
    ObjectMeta Metadata { get; init; }
}

/// <summary>
/// An object whose type models every field that a PUT sets, so that replacing it loses nothing. Types that model only what controllers
/// read (pods, for one) lack this mark: change those with a patch.
/// </summary>
public interface IReplaceable : IKubernetesObject;

/// <summary>The address of a type in the Kubernetes API.</summary>
/// <param name="Group">The API group; empty for the core group.</param>
/// <param name="Version">The version, such as <c>v1</c>.</param>
/// <param name="Kind">The kind, such as <c>Service</c>.</param>
/// <param name="Plural">The lower-case plural that stands in URLs, such as <c>services</c>.</param>
/// <param name="Namespaced">Whether the objects live in namespaces.</param>
public sealed record ResourceType(string Group, string Version, string Kind, string Plural, bool Namespaced)
{
    /// <summary><c>group/version</c>, or the version alone in the core group: the value of <c>apiVersion</c>.</summary>
    public string ApiVersion { get; } = Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>The path below the server's root, such as <c>api/v1</c> or <c>apis/apps/v1</c>.</summary>
    public string Root { get; } = Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}";

    /// <summary>The plural with its group, as kubectl prints it: <c>deployments.apps</c>.</summary>
    public override string ToString() => Group.Length == 0 ? Plural : $"{Plural}.{Group}";
}
