using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Schemas.OpenApi;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>A served resource, for the OpenAPI documents.</summary>
/// <param name="Rules">Its kind.</param>
/// <param name="Plural">The name in paths.</param>
/// <param name="Namespaced">Whether it lives in a namespace.</param>
/// <param name="Subresources">Such as <c>status</c> and <c>scale</c>.</param>
public sealed record OpenApiResource(KindRules Rules, string Plural, bool Namespaced, ImmutableArray<string> Subresources);

/// <summary>Writes the OpenAPI documents that clients explain, validate and apply with.</summary>
public static class OpenApiDocuments
{
    /// <summary>The document of <c>/openapi/v2</c> (clients ask for it as protobuf: see <see cref="V2Protobuf"/>).</summary>
    public static JsonObject V2(IEnumerable<OpenApiResource> resources)
    {
        var definitions = new DefinitionWriter("#/definitions/", third: false);
        JsonObject paths = Fill(definitions, resources, third: false);
        return new JsonObject { ["swagger"] = "2.0", ["info"] = Info(), ["paths"] = paths, ["definitions"] = definitions.Definitions };
    }

    /// <summary>The same as gnostic's protobuf (<c>application/com.github.proto-openapi.spec.v2@v1.0+protobuf</c>), which kubectl insists on.</summary>
    public static byte[] V2Protobuf(JsonObject v2) => ProtobufDocument.Write(v2);

    /// <summary>The document of <c>/openapi/v3/api/v1</c> or <c>/openapi/v3/apis/{group}/{version}</c>: give the resources of that group and version.</summary>
    public static JsonObject V3(IEnumerable<OpenApiResource> resources)
    {
        var definitions = new DefinitionWriter("#/components/schemas/", third: true);
        JsonObject paths = Fill(definitions, resources, third: true);
        return new JsonObject
        {
            ["openapi"] = "3.0.0", ["info"] = Info(), ["paths"] = paths, ["components"] = new JsonObject { ["schemas"] = definitions.Definitions },
        };
    }

    private static JsonObject Info() => new() { ["title"] = "Kubernetes", ["version"] = "unversioned" };

    private static JsonObject Fill(DefinitionWriter definitions, IEnumerable<OpenApiResource> resources, bool third)
    {
        var paths = new JsonObject();
        definitions.AddType(SchemaCatalog.BuiltIn.DeleteOptions, new("", "v1", "DeleteOptions"));
        definitions.AddType(SchemaCatalog.BuiltIn.Status, new("", "v1", "Status"));
        foreach (OpenApiResource resource in resources)
        {
            definitions.AddKind(resource.Rules);
            PathWriter.Add(paths, resource, definitions, third);
        }

        return paths;
    }
}
