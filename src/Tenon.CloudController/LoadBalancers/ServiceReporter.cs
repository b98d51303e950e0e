using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Tenon.Core;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;
using Tenon.OpenStack;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>
/// Tells Services, by events, what happened to their load balancers. The same thing is said once, and again only after something
/// else was, or after an hour.
/// </summary>
/// <param name="events">Where events go.</param>
/// <param name="time">The clock.</param>
public sealed partial class ServiceReporter(IEventRecorder events, TimeProvider time)
{
    private static readonly TimeSpan Repeat = TimeSpan.FromHours(1);
    private static readonly string[] Passing = [ServiceEvents.SyncFailed, ServiceEvents.QuotaExceeded, ServiceEvents.Deleting, LoadBalancerReasons.InError, ServiceEvents.NoNodes];
    private static readonly TimeSpan Slow = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<NamespacedName, ImmutableDictionary<string, (string Message, DateTimeOffset At)>> _said = [];

    internal void Forget(NamespacedName key) => _said.TryRemove(key, out _);

    internal void Normal(Service service, string reason, string message) => events.Record(ObjectReference.To(service), EventType.Normal, reason, message);

    internal void Once(Service service, string reason, string message) => Say(service, EventType.Normal, reason, message);

    internal void Notes(Service service, ImmutableArray<PlanNote> notes)
    {
        foreach (PlanNote note in notes) Say(service, note.IsWarning ? EventType.Warning : EventType.Normal, note.Reason, note.Message);
    }

    /// <summary>Says why a Service is not served, where that is its own fault.</summary>
    internal Outcome Stop(Service service, Outcome outcome)
    {
        if (outcome is Outcome.Refused refused) Say(service, EventType.Warning, refused.Reason, $"Error syncing load balancer: {refused.Message}");
        return outcome;
    }

    /// <summary>Says what the cloud refused.</summary>
    /// <returns>What the reconcile returns, or <see langword="null"/> when it is to fail and be tried again with backoff.</returns>
    internal Outcome? Report(Service service, OpenStackException exception)
    {
        string what = $"{exception.Service}: {exception.ServiceMessage}{(exception.RequestId is { Length: > 0 } id ? $" (request {id})" : "")}";
        switch (exception.Kind)
        {
            case OpenStackErrorKind.Quota:
                Say(service, EventType.Warning, ServiceEvents.QuotaExceeded, $"Error syncing load balancer: the project's quota or the address pool is exhausted: {what}. Ask for more quota, or remove what is not needed; it is tried again every minute.");
                return new Outcome.Waiting("quota", Slow);
            case OpenStackErrorKind.Forbidden:
                Say(service, EventType.Warning, ServiceEvents.SyncFailed, $"Error syncing load balancer: the cloud forbids it: {what}. Give the controller's user the role that {exception.Operation} needs (for Octavia: load-balancer_member).");
                return new Outcome.Waiting("permission", Slow);
            case OpenStackErrorKind.Unauthorized:
                Say(service, EventType.Warning, ServiceEvents.SyncFailed, "Error syncing load balancer: the cloud does not accept the credentials; they may be expired or revoked. Renew them in the [Global] section of cloud.conf.");
                return null;
            case OpenStackErrorKind.BadRequest:
                // Octavia answers so too while Keystone or Neutron is away (a subnet "not found" that is there): it is no last word.
                Say(service, EventType.Warning, ServiceEvents.SyncFailed, $"Error syncing load balancer: the cloud refuses the request {exception.Operation}: {what}. Correct what it names in the Service's spec, annotations or class; it is tried again every minute.");
                return new Outcome.Waiting("the cloud to accept the request", Slow);
            case OpenStackErrorKind.NotImplemented:
                Say(service, EventType.Warning, ServiceEvents.SyncFailed, $"Error syncing load balancer: the cloud refuses the request {exception.Operation}: {what}. Correct what it names in the Service's spec, annotations or class.");
                return new Outcome.Refused(ServiceEvents.SyncFailed, what);
            case OpenStackErrorKind.Conflict:
                Say(service, EventType.Warning, ServiceEvents.SyncFailed, $"Error syncing load balancer: something in the cloud stands against {exception.Operation}: {what}. It is looked at again soon.");
                return null;
            case OpenStackErrorKind.NoEndpoint:
                Say(service, EventType.Warning, ServiceEvents.SyncFailed, $"Error syncing load balancer: the catalog has no endpoint of {exception.Service}: {exception.ServiceMessage}. Set [Global] region and os-endpoint-type, or have the service installed.");
                return new Outcome.Waiting($"an endpoint of {exception.Service}", Slow);
            case OpenStackErrorKind.Tls:
                Say(service, EventType.Warning, ServiceEvents.SyncFailed, $"Error syncing load balancer: no trusted connection to the cloud: {what}. Set [Global] ca-file.");
                return new Outcome.Waiting("a trusted connection", Slow);
            case OpenStackErrorKind.NotFound:
                Say(service, EventType.Warning, ServiceEvents.SyncFailed, $"Error syncing load balancer: something that {exception.Operation} needs is gone: {what}. It is looked at again soon.");
                return null;
            default:
                Say(service, EventType.Warning, ServiceEvents.SyncFailed, $"Error syncing load balancer: {exception.Service} does not answer properly ({exception.Kind}); it is tried again until it does.");
                return null;
        }
    }

    /// <summary>Says that all is well, where it was not, or where something changed.</summary>
    internal void Settled(Service service, ImmutableArray<PlanNote> notes, bool published, bool changed)
    {
        NamespacedName key = service.Metadata.Key;
        ImmutableDictionary<string, (string Message, DateTimeOffset At)> said = _said.GetValueOrDefault(key, ImmutableDictionary<string, (string, DateTimeOffset)>.Empty);
        // What is over may be said anew; what still holds is not said again.
        HashSet<string> holding = [.. notes.Select(n => Id(n.Reason, n.Message))];
        string[] over = [.. said.Keys.Where(k => !holding.Contains(k) && Passing.Any(p => k.StartsWith(p, StringComparison.Ordinal)))];
        bool recovered = over.Length > 0;
        if (published || (recovered && !changed)) Normal(service, ServiceEvents.Ensured, "Ensured load balancer");
        else if (changed) Normal(service, ServiceEvents.Updated, "Updated load balancer with new hosts or settings");
        _said[key] = said.RemoveRange(over);
    }

    /// <summary>What makes two events the same: the reason and the message but for the cloud's request ID.</summary>
    private static string Id(string reason, string message) => $"{reason} {RequestIds().Replace(message, "")}";

    [GeneratedRegex(@" \(request [^)]*\)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 200)]
    private static partial Regex RequestIds();

    private void Say(Service service, EventType type, string reason, string message)
    {
        NamespacedName key = service.Metadata.Key;
        DateTimeOffset now = time.GetUtcNow();
        bool isNew = false;
        _said.AddOrUpdate(key, _ => Add(ImmutableDictionary<string, (string, DateTimeOffset)>.Empty), (_, said) => Add(said));
        if (isNew) events.Record(ObjectReference.To(service), type, reason, message);

        ImmutableDictionary<string, (string Message, DateTimeOffset At)> Add(ImmutableDictionary<string, (string Message, DateTimeOffset At)> said)
        {
            string id = Id(reason, message);
            isNew = !said.TryGetValue(id, out (string Message, DateTimeOffset At) last) || now - last.At >= Repeat;
            return isNew ? said.SetItem(id, (message, now)) : said;
        }
    }
}
