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
    }
}
