using Microsoft.Extensions.Logging;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Controllers;

/// <summary>How grave an event is.</summary>
public enum EventType
{
    /// <summary>Information.</summary>
    Normal,

    /// <summary>Something is wrong.</summary>
    Warning,
}

/// <summary>Whoever takes events: the recorder, or a test.</summary>
public interface IEventRecorder
{
    /// <summary>Records that something happened to an object; returns at once and never throws.</summary>
    /// <param name="about">The object; see <see cref="ObjectReference.To"/>.</param>
    /// <param name="type">How grave it is.</param>
    /// <param name="reason">A CamelCase word for programs.</param>
    /// <param name="message">A sentence for people, naming the field and the fix where something is wrong.</param>
    void Record(ObjectReference about, EventType type, string reason, string message);
}

/// <summary>How events are gathered before they are written.</summary>
public sealed record EventRecorderOptions
{
    /// <summary>The component in the events' source.</summary>
    public required string Component { get; init; }

    /// <summary>The instance in the events' source, mostly the host's name.</summary>
    public string? Instance { get; init; }

    /// <summary>How many events may wait to be written; further ones are dropped and counted.</summary>
    public int QueueSize { get; init; } = 1000;

    /// <summary>How many different events are remembered for aggregation.</summary>
    public int CacheSize { get; init; } = 4096;

    /// <summary>After how many similar events (same object, type and reason) within <see cref="SimilarWindow"/> they become one.</summary>
    public int MaxSimilar { get; init; } = 10;

    /// <summary>How long similar events are counted together.</summary>
    public TimeSpan SimilarWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How many events about one object may be written at once.</summary>
    public int ObjectBurst { get; init; } = 25;

    /// <summary>How long until one more event about an object may be written.</summary>
    public TimeSpan ObjectRefill { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>
/// Writes events about objects. The same event again becomes a higher count, many similar ones become one, and an object that makes too many
/// is silenced, as client-go does. Callers never wait.
/// </summary>
public sealed class EventRecorder : IEventRecorder
{
    /// <summary>Stores what is given; events are written by <see cref="RunAsync"/>.</summary>
    public EventRecorder(KubernetesClient client, EventRecorderOptions options, TimeProvider? time = null, ILogger<EventRecorder>? logger = null)
    {
    }

    /// <inheritdoc/>
    public void Record(ObjectReference about, EventType type, string reason, string message) => throw new NotImplementedException();

    /// <summary>Writes events until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Takes no more events and writes those that wait, until cancelled.</summary>
    public Task FlushAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}
