using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Client;

/// <summary>What happened to a watched object.</summary>
public enum WatchEventType
{
    /// <summary>It appeared (or was there when the watch began).</summary>
    Added,

    /// <summary>It changed.</summary>
    Modified,

    /// <summary>It is gone; the object is its last state.</summary>
    Deleted,

    /// <summary>Nothing but the version moved on; only <c>metadata.resourceVersion</c> of the object is set.</summary>
    Bookmark,
}

/// <summary>One event of a watch. An error in the stream is thrown as <see cref="KubernetesException"/>.</summary>
/// <typeparam name="T">The objects' type.</typeparam>
/// <param name="Type">What happened.</param>
/// <param name="Object">The object after it (before it, for a deletion).</param>
public readonly record struct WatchEvent<T>(WatchEventType Type, T Object)
    where T : IKubernetesObject;
