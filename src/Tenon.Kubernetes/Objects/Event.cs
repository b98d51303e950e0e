using System.Text.Json.Serialization;

namespace Tenon.Kubernetes.Objects;

/// <summary>A core/v1 Event: something that happened to an object, for people.</summary>
public sealed record Event : IReplaceable
{
    /// <inheritdoc/>
    public static ResourceType Resource { get; } = new("", "v1", "Event", "events", Namespaced: true);

    /// <summary>Always <c>v1</c>.</summary>
    public string ApiVersion => Resource.ApiVersion;

    /// <summary>Always <c>Event</c>.</summary>
    public string Kind => Resource.Kind;

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>The object that it is about.</summary>
    public ObjectReference InvolvedObject { get => field ?? new(); init; }

    /// <summary><c>Normal</c> or <c>Warning</c>.</summary>
    public string? Type { get; init; }

    /// <summary>A CamelCase word for programs.</summary>
    public string? Reason { get; init; }

    /// <summary>A sentence for people.</summary>
    public string? Message { get; init; }

    /// <summary>Who reports it.</summary>
    public EventSource Source { get => field ?? new(); init; }

    /// <summary>When it first happened.</summary>
    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? FirstTimestamp { get; init; }

    /// <summary>When it last happened.</summary>
    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? LastTimestamp { get; init; }

    /// <summary>How often it happened.</summary>
    public int Count { get; init; }

    /// <summary>When it was first observed.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? EventTime { get; init; }

    /// <summary>How it repeats.</summary>
    public EventSeries? Series { get; init; }

    /// <summary>What was done or failed.</summary>
    public string? Action { get; init; }

    /// <summary>A second object.</summary>
    public ObjectReference? Related { get; init; }

    /// <summary>The controller's name.</summary>
    public string? ReportingComponent { get; init; }

    /// <summary>The controller's instance.</summary>
    public string? ReportingInstance { get; init; }
}

/// <summary>Who reports an event.</summary>
public sealed record EventSource
{
    /// <summary>The component.</summary>
    public string? Component { get; init; }

    /// <summary>The node on which it runs.</summary>
    public string? Host { get; init; }
}

/// <summary>How an event repeats.</summary>
public sealed record EventSeries
{
    /// <summary>How often.</summary>
    public int Count { get; init; }

    /// <summary>When last.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? LastObservedTime { get; init; }
}

/// <summary>An events.k8s.io/v1 Event; the same stored object as <see cref="Event"/> in the newer shape.</summary>
public sealed record EventV1 : IReplaceable
{
    /// <inheritdoc/>
    public static ResourceType Resource { get; } = new("events.k8s.io", "v1", "Event", "events", Namespaced: true);

    /// <summary>Always <c>events.k8s.io/v1</c>.</summary>
    public string ApiVersion => Resource.ApiVersion;

    /// <summary>Always <c>Event</c>.</summary>
    public string Kind => Resource.Kind;

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>When it was first observed.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? EventTime { get; init; }

    /// <summary>How it repeats.</summary>
    public EventSeries? Series { get; init; }

    /// <summary>The controller's name.</summary>
    public string? ReportingController { get; init; }

    /// <summary>The controller's instance.</summary>
    public string? ReportingInstance { get; init; }

    /// <summary>What was done or failed.</summary>
    public string? Action { get; init; }

    /// <summary>A CamelCase word for programs.</summary>
    public string? Reason { get; init; }

    /// <summary>The object that it is about.</summary>
    public ObjectReference Regarding { get => field ?? new(); init; }

    /// <summary>A second object.</summary>
    public ObjectReference? Related { get; init; }

    /// <summary>A sentence for people.</summary>
    public string? Note { get; init; }

    /// <summary><c>Normal</c> or <c>Warning</c>.</summary>
    public string? Type { get; init; }

    /// <summary>The reporter, in the older shape.</summary>
    public EventSource? DeprecatedSource { get; init; }

    /// <summary>The first time, in the older shape.</summary>
    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? DeprecatedFirstTimestamp { get; init; }

    /// <summary>The last time, in the older shape.</summary>
    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? DeprecatedLastTimestamp { get; init; }

    /// <summary>The count, in the older shape.</summary>
    public int DeprecatedCount { get; init; }
}
