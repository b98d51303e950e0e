using System.Collections;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Client;

/// <summary>How Kubernetes objects are written: camel case, and nothing that is empty, zero or unset (Go's <c>omitempty</c>).</summary>
public static class KubernetesJson
{
    /// <summary>The options for every object; types that this library does not know are read by reflection.</summary>
    public static JsonSerializerOptions Options { get; } = Make();

    /// <summary>An object as UTF-8 JSON.</summary>
    public static byte[] Serialize<T>(T item) => JsonSerializer.SerializeToUtf8Bytes(item, TypeInfo<T>());

    /// <summary>An object from UTF-8 JSON.</summary>
    /// <exception cref="JsonException">The text is not such an object.</exception>
    public static T Deserialize<T>(ReadOnlySpan<byte> json)
        => JsonSerializer.Deserialize(json, TypeInfo<T>()) ?? throw new JsonException("the object is null");

    /// <summary>An object as a mutable tree.</summary>
    public static JsonNode ToNode<T>(T item)
        => JsonSerializer.SerializeToNode(item, TypeInfo<T>()) ?? throw new JsonException("the object is null");

    internal static JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));

    private static JsonSerializerOptions Make()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
            TypeInfoResolver = JsonTypeInfoResolver.Combine(KubernetesJsonContext.Default, new DefaultJsonTypeInfoResolver())
                .WithAddedModifier(LeaveOutEmpty),
        };
        options.MakeReadOnly();
        return options;
    }

    private static void LeaveOutEmpty(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object) return;
        foreach (JsonPropertyInfo property in type.Properties)
        {
            if (property.PropertyType == typeof(string))
            {
                // A nullable text distinguishes unset from empty (a lease's holder); others do not.
                if (!property.IsGetNullable) property.ShouldSerialize = static (_, value) => value is string { Length: > 0 };
            }
            else if (typeof(IEnumerable).IsAssignableFrom(property.PropertyType))
            {
                property.ShouldSerialize = static (_, value) => value switch
                {
                    null => false,
                    ICollection collection => collection.Count > 0,
                    IEnumerable items => items.GetEnumerator().MoveNext(),
                    _ => true,
                };
            }
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(Status))]
[JsonSerializable(typeof(ApiResourceList))]
[JsonSerializable(typeof(VersionInfo))]
[JsonSerializable(typeof(DeleteBody))]
[JsonSerializable(typeof(SelfSubjectAccessReview))]
[JsonSerializable(typeof(Node))]
[JsonSerializable(typeof(KubernetesList<Node>))]
[JsonSerializable(typeof(Service))]
[JsonSerializable(typeof(KubernetesList<Service>))]
[JsonSerializable(typeof(Pod))]
[JsonSerializable(typeof(KubernetesList<Pod>))]
[JsonSerializable(typeof(Namespace))]
[JsonSerializable(typeof(KubernetesList<Namespace>))]
[JsonSerializable(typeof(ConfigMap))]
[JsonSerializable(typeof(KubernetesList<ConfigMap>))]
[JsonSerializable(typeof(KubernetesSecret))]
[JsonSerializable(typeof(KubernetesList<KubernetesSecret>))]
[JsonSerializable(typeof(Endpoints))]
[JsonSerializable(typeof(KubernetesList<Endpoints>))]
[JsonSerializable(typeof(EndpointSlice))]
[JsonSerializable(typeof(KubernetesList<EndpointSlice>))]
[JsonSerializable(typeof(Event))]
[JsonSerializable(typeof(KubernetesList<Event>))]
[JsonSerializable(typeof(EventV1))]
[JsonSerializable(typeof(KubernetesList<EventV1>))]
[JsonSerializable(typeof(Lease))]
[JsonSerializable(typeof(KubernetesList<Lease>))]
[JsonSerializable(typeof(NetworkPolicy))]
[JsonSerializable(typeof(KubernetesList<NetworkPolicy>))]
internal sealed partial class KubernetesJsonContext : JsonSerializerContext;
