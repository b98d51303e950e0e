using System.Collections.Immutable;

namespace Tenon.Sandbox.Kubernetes.Resources;

/// <summary>The resources that are served now. Reads are snapshots; writes replace the snapshot.</summary>
public sealed class ResourceRegistry
{
    private readonly Lock _gate = new();
    private ImmutableSortedDictionary<string, ResourceDefinition> _definitions = ImmutableSortedDictionary.Create<string, ResourceDefinition>(StringComparer.Ordinal);
    private ImmutableHashSet<GroupResource> _builtIn = [];

    /// <summary>Everything that is served.</summary>
    public IEnumerable<ResourceDefinition> All => _definitions.Values;

    /// <summary>Changes with every change; discovery and OpenAPI documents are cached by it.</summary>
    public long Generation { get; private set; }

    /// <summary>The resource of a group and plural; <see langword="null"/> when it is not served.</summary>
    public ResourceDefinition? Find(GroupResource resource) => _definitions.GetValueOrDefault(Key(resource));

    /// <summary>The resource that a kind belongs to; <see langword="null"/> when it is not served in that version.</summary>
    public ResourceDefinition? FindKind(GroupVersion groupVersion, string kind) =>
        _definitions.Values.FirstOrDefault(d => d.Group == groupVersion.Group && d.Kind == kind && d.FindVersion(groupVersion.Version) is not null);

    /// <summary>The resource of a kind in any version.</summary>
    public ResourceDefinition? FindKind(string group, string kind) => _definitions.Values.FirstOrDefault(d => d.Group == group && d.Kind == kind);

    /// <summary>Serves a resource, in place of a former one of the same group and plural.</summary>
    public void Add(ResourceDefinition definition)
    {
        lock (_gate)
        {
            _definitions = _definitions.SetItem(Key(definition.GroupResource), definition);
            if (!definition.IsCustom) _builtIn = _builtIn.Add(definition.GroupResource);
            Generation++;
        }
    }

    /// <summary>No longer serves a resource.</summary>
    public void Remove(GroupResource resource)
    {
        lock (_gate)
        {
            _definitions = _definitions.Remove(Key(resource));
            Generation++;
        }
    }

    /// <summary>Whether the resource is built in, so that no CustomResourceDefinition may take it.</summary>
    public bool IsBuiltIn(GroupResource resource) => _builtIn.Contains(resource);

    private static string Key(GroupResource resource) => $"{resource.Group}/{resource.Resource}";
}
