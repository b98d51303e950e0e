using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Tenon.OpenStack.Http;

/// <summary>The meter <c>Tenon.OpenStack</c>: every attempt of every call is counted and timed.</summary>
internal static class Telemetry
{
    private static readonly Meter Meter = new("Tenon.OpenStack");

    private static readonly Counter<long> Requests = Meter.CreateCounter<long>(
        "openstack.requests", "{request}", "Requests sent to OpenStack, by service, operation and status (0: no answer).");

    private static readonly Histogram<double> Duration = Meter.CreateHistogram(
        "openstack.request.duration",
        "s",
        "Time of requests to OpenStack, from sending to the last byte.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] });

    private static readonly Counter<long> PeerRequests = Meter.CreateCounter<long>("openstack_api_requests", "{request}", "Total number of OpenStack API calls.");

    private static readonly Counter<long> PeerErrors = Meter.CreateCounter<long>("openstack_api_request_errors", "{request}", "Total number of errors for an OpenStack API call.");

    private static readonly Histogram<double> PeerDuration = Meter.CreateHistogram(
        "openstack_api_request_duration",
        "s",
        "Latency of an OpenStack API call.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });

    private static readonly ConcurrentDictionary<string, string> PeerNames = new(StringComparer.Ordinal);

    public static void Record(CloudCall call)
    {
        var tags = new TagList
        {
            { "service", call.Service },
            { "operation", call.Operation },
            { "status", call.Status ?? 0 },
        };
        Requests.Add(1, tags);
        Duration.Record(call.Duration.TotalSeconds, tags);

        // The same once more under the names that the peer's dashboards ask for.
        var request = new KeyValuePair<string, object?>("request", PeerNames.GetOrAdd(call.Operation, PeerRequestNames.Of));
        PeerRequests.Add(1, request);
        PeerDuration.Record(call.Duration.TotalSeconds, request);
        if (call.Status is null or >= 400) PeerErrors.Add(1, request);
    }
}
