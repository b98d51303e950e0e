using System.Text.Json.Serialization;
using Tenon.Core;

namespace Tenon.Nodes.Plugging;

/// <summary>
/// A container that is, or may be, plugged. It is written down before anything is plugged and struck out after everything is unplugged, so that what a crash
/// leaves is known.
/// </summary>
internal sealed record Attachment
{
    /// <summary>CNI_CONTAINERID.</summary>
    public required string ContainerId { get; init; }

    /// <summary>The interface's name in the container.</summary>
    public string InterfaceName { get; init; } = "";

    /// <summary>The path of the container's network namespace.</summary>
    public string NetworkNamespace { get; init; } = "";

    /// <summary>The pod's namespace; empty where only the switch knows of the container.</summary>
    public string PodNamespace { get; init; } = "";

    /// <summary>The pod's name.</summary>
    public string PodName { get; init; } = "";

    /// <summary>The Neutron port.</summary>
    public string PortId { get; init; } = "";

    /// <summary>The port's hardware address; empty where only the switch knows of the container.</summary>
    public string MacAddress { get; init; } = "";

    /// <summary>The name of its interface on the node, once it is plugged.</summary>
    public string? HostInterface { get; init; }

    /// <summary>Whether packets flow.</summary>
    public bool IsPlugged { get; init; }

    /// <summary>Why the last attempt failed; <see langword="null"/> while there is no failure.</summary>
    public string? Failure { get; init; }

    /// <summary>The pod.</summary>
    [JsonIgnore]
    public NamespacedName Pod => new(PodNamespace, PodName);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(Attachment))]
internal sealed partial class AttachmentJson : JsonSerializerContext;
