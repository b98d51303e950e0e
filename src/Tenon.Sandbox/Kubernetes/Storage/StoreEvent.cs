namespace Tenon.Sandbox.Kubernetes.Storage;

/// <summary>How an object changed.</summary>
public enum ChangeKind
{
    /// <summary>It was created.</summary>
    Added,

    /// <summary>It was updated.</summary>
    Modified,

    /// <summary>It was removed.</summary>
    Deleted,
}

/// <summary>One change of the store.</summary>
/// <param name="Kind">How.</param>
/// <param name="Object">The object after the change; for deletions its last state with the deletion's revision.</param>
/// <param name="Previous">The object before the change; <see langword="null"/> for creations.</param>
public sealed record StoreEvent(ChangeKind Kind, StoredObject Object, StoredObject? Previous)
{
    /// <summary>The store's revision after the change.</summary>
    public long Revision => Object.Revision;
}
