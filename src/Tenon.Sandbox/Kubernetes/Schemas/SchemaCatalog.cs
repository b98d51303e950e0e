using System.Collections.Immutable;
using System.Collections.Frozen;
using System.Reflection;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>The types of the built-in kinds, read once from the definitions embedded in the assembly. Immutable.</summary>
public sealed class SchemaCatalog
{
    private readonly FrozenDictionary<GroupVersionKind, BuiltInRules> _kinds;
    private readonly FrozenDictionary<string, TypeSchema> _types;

    private SchemaCatalog()
    {
        (FrozenDictionary<GroupVersionKind, TypeSchema> kinds, _types) = DefinitionReader.Read(Files());
        _kinds = kinds.ToFrozenDictionary(k => k.Key, k => new BuiltInRules(k.Key, k.Value));
    }

    /// <summary>The one catalog.</summary>
    public static SchemaCatalog BuiltIn { get; } = new();

    /// <summary>Every built-in kind.</summary>
    public IEnumerable<GroupVersionKind> Kinds => _kinds.Keys;

    /// <summary>The type of every object's <c>metadata</c>.</summary>
    public TypeSchema ObjectMeta => _types["meta.ObjectMeta"];

    /// <summary>The type of a list's <c>metadata</c>.</summary>
    internal TypeSchema ListMeta => _types["meta.ListMeta"];

    /// <summary>The body of a deletion.</summary>
    internal TypeSchema DeleteOptions => _types["meta.DeleteOptions"];

    /// <summary>The body of an error.</summary>
    internal TypeSchema Status => _types["meta.Status"];

    /// <summary>The rules of a built-in kind, or null.</summary>
    public KindRules? Find(GroupVersionKind kind) => _kinds.GetValueOrDefault(kind);

    private static IEnumerable<string> Files()
    {
        Assembly assembly = typeof(SchemaCatalog).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".types", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            yield return reader.ReadToEnd();
        }
    }
}
