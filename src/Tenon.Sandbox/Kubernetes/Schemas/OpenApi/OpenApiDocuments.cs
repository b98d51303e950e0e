using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.OpenApi;

/// <summary>Writes the document of <c>/openapi/v2</c>.</summary>
internal static class OpenApiV2Writer
{
    /// <summary>All resources in one document.</summary>
    public static JsonObject Write(IReadOnlyList<ServedResource> resources)
    {
        var definitions = new DefinitionWriter("#/definitions/", third: false);
        JsonObject paths = Documents.Fill(definitions, resources, third: false);
        return new JsonObject
        {
            ["swagger"] = "2.0",
            ["info"] = Documents.Info(),
            ["paths"] = paths,
            ["definitions"] = definitions.Definitions,
        };
    }
}

/// <summary>Writes the documents below <c>/openapi/v3</c>.</summary>
internal static class OpenApiV3Writer
{
    /// <summary>The resources of one group and version.</summary>
    public static JsonObject Write(GroupVersion groupVersion, IReadOnlyList<ServedResource> resources)
    {
        var definitions = new DefinitionWriter("#/components/schemas/", third: true);
        JsonObject paths = Documents.Fill(definitions, resources.Where(r => r.GroupVersion == groupVersion), third: true);
        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = Documents.Info(),
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = definitions.Definitions },
        };
    }
}

/// <summary>What both versions share.</summary>
internal static class Documents
{
    /// <summary>The head of a document.</summary>
    public static JsonObject Info() => new() { ["title"] = "Kubernetes", ["version"] = "unversioned" };

    /// <summary>Fills the schemas, and gives the paths.</summary>
    public static JsonObject Fill(DefinitionWriter definitions, IEnumerable<ServedResource> resources, bool third)
    {
        var paths = new JsonObject();
        var core = new GroupVersion("", "v1");
        definitions.AddType(SchemaCatalog.BuiltIn.DeleteOptions, core, "DeleteOptions");
        definitions.AddType(SchemaCatalog.BuiltIn.Status, core, "Status");
        foreach (ServedResource resource in resources.Where(r => r.Version.Served))
        {
            var schema = resource.Schema as ObjectSchema;
            if (schema is not null) definitions.AddKind(resource, schema);
            PathWriter.Add(paths, resource, schema, definitions, third);
        }

        return paths;
    }
}
