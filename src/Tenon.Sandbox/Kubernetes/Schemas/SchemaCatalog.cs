using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>The types of the built-in kinds, read once from the definitions embedded in the assembly, and the compiler of custom ones. Immutable.</summary>
public sealed class SchemaCatalog : ISchemaCatalog
{
    private readonly FrozenDictionary<GroupVersionKind, BuiltInSchema> _kinds;
    private readonly FrozenDictionary<string, TypeSchema> _types;

    private SchemaCatalog()
    {
        (FrozenDictionary<GroupVersionKind, TypeSchema> kinds, _types) = DefinitionReader.Read(Files());
        _kinds = kinds.ToFrozenDictionary(k => k.Key, k => new BuiltInSchema(k.Key, k.Value));
    }

    /// <summary>The one catalog.</summary>
    public static SchemaCatalog BuiltIn { get; } = new();

    /// <summary>Every built-in kind.</summary>
    internal IEnumerable<GroupVersionKind> Kinds => _kinds.Keys;

    /// <summary>The type of every object's <c>metadata</c>.</summary>
    internal TypeSchema ObjectMeta => _types["meta.ObjectMeta"];

    /// <summary>The type of a list's <c>metadata</c>.</summary>
    internal TypeSchema ListMeta => _types["meta.ListMeta"];

    /// <summary>The body of a deletion.</summary>
    internal TypeSchema DeleteOptions => _types["meta.DeleteOptions"];

    /// <summary>The body of an error.</summary>
    internal TypeSchema Status => _types["meta.Status"];

    /// <inheritdoc/>
    public IObjectSchema? Find(GroupVersion groupVersion, string kind) => FindBuiltIn(groupVersion, kind);

    /// <inheritdoc/>
    public IObjectSchema Compile(GroupVersion groupVersion, string kind, JsonObject? openApiV3Schema, bool preserveUnknownFields) =>
        new CustomSchema(new(groupVersion.Group, groupVersion.Version, kind), openApiV3Schema, preserveUnknownFields);

    /// <inheritdoc/>
    public IReadOnlyList<FieldError> CheckStructural(string path, JsonObject openApiV3Schema) => StructuralSchemas.Check(path, openApiV3Schema);

    /// <inheritdoc/>
    public JsonObject OpenApiV2(IReadOnlyList<ServedResource> resources) => OpenApi.OpenApiV2Writer.Write(resources);

    /// <inheritdoc/>
    public JsonObject OpenApiV3(GroupVersion groupVersion, IReadOnlyList<ServedResource> resources) => OpenApi.OpenApiV3Writer.Write(groupVersion, resources);

    internal BuiltInSchema? FindBuiltIn(GroupVersion groupVersion, string kind) =>
        _kinds.GetValueOrDefault(new(groupVersion.Group, groupVersion.Version, kind));

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
