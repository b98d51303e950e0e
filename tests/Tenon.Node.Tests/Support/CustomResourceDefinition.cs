using System.Text.Json.Nodes;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using YamlDotNet.Serialization;

namespace Tenon.Nodes.Tests.Support;

/// <summary>A definition out of <c>deploy/crds</c>.</summary>
internal sealed record CustomResourceDefinition : IReplaceable
{
    public static ResourceType Resource { get; } = new("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", Namespaced: false);

    public string ApiVersion => Resource.ApiVersion;

    public string Kind => Resource.Kind;

    public ObjectMeta Metadata { get; init; } = new();

    public JsonObject Spec { get; init; } = [];

    /// <summary>Creates a definition in a cluster.</summary>
    public static async Task CreateAsync(KubernetesClient client, string file, CancellationToken cancellationToken)
    {
        object? read = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize(await File.ReadAllTextAsync(file, cancellationToken));
        JsonNode json = JsonNode.Parse(new SerializerBuilder().JsonCompatible().Build().Serialize(read))!;
        await client.CreateAsync(new CustomResourceDefinition
        {
            Metadata = new() { Name = json["metadata"]!["name"]!.ToString() },
            Spec = (JsonObject)json["spec"]!.DeepClone(),
        }, cancellationToken);
    }
}
