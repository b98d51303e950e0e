using System.Collections.Immutable;
using System.Text.Json.Nodes;

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
    /// <summary>The document of <c>/openapi/v2</c> (clients of kubectl 1.20 ask for it as protobuf: see <see cref="V2Protobuf"/>).</summary>
    public static JsonObject V2(IEnumerable<OpenApiResource> resources) => throw new NotSupportedException();

    /// <summary>The same as gnostic's protobuf (<c>application/com.github.proto-openapi.spec.v2@v1.0+protobuf</c>), which kubectl insists on.</summary>
    public static byte[] V2Protobuf(JsonObject v2) => throw new NotSupportedException();

    /// <summary>The document of <c>/openapi/v3/api/v1</c> or <c>/openapi/v3/apis/{group}/{version}</c>: give the resources of that group and version.</summary>
    public static JsonObject V3(IEnumerable<OpenApiResource> resources) => throw new NotSupportedException();
}
