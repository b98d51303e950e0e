using System.Text.Json;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using YamlDotNet.Serialization;

namespace Tenon.Network.Tests.Control;

/// <summary>The definitions of the network's custom resources, from the files that operators apply.</summary>
public static class CustomResources
{
    /// <summary>Makes the custom resources.</summary>
    public static async Task CreateAsync(KubernetesClient client, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        foreach (string file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "crds"), "*.yaml"))
            await client.CreateAsync(ReadYaml(await File.ReadAllTextAsync(file, cancellationToken)), cancellationToken);
    }

    private static CustomResourceDefinition ReadYaml(string text)
    {
        var tree = (Dictionary<object, object>)new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize<object>(text)!;
        return new CustomResourceDefinition
        {
            Metadata = new ObjectMeta { Name = (string)((Dictionary<object, object>)tree["metadata"])["name"] },
            Spec = JsonSerializer.SerializeToElement(Plain(tree["spec"])),
        };

        static object? Plain(object? node) => node switch
        {
            Dictionary<object, object> map => map.ToDictionary(p => p.Key.ToString()!, p => Plain(p.Value)),
            List<object> list => list.Select(Plain).ToList(),
            _ => node,
        };
    }

    /// <summary>A custom resource's definition, as its file has it.</summary>
    private sealed record CustomResourceDefinition : IKubernetesObject
    {
        public static ResourceType Resource { get; } = new("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", Namespaced: false);

        public string ApiVersion => Resource.ApiVersion;

        public string Kind => Resource.Kind;

        public ObjectMeta Metadata { get => field ?? new(); init; }

        public JsonElement Spec { get; init; }
    }
}
