using System.Diagnostics.Metrics;

namespace Tenon.Kubernetes.Client;

/// <summary>The instruments of the client, under the names that Kubernetes components use.</summary>
internal static class ClientTelemetry
{
    public const string MeterName = "Tenon.Kubernetes";

    private static readonly Meter s_meter = new(MeterName);

    public static readonly Counter<long> Requests = s_meter.CreateCounter<long>(
        "rest_client_requests", description: "Requests to the Kubernetes API by status code, method and resource.");

    public static readonly Histogram<double> Duration = s_meter.CreateHistogram<double>(
        "rest_client_request_duration", "s", "Time to the answer's headers by verb and resource.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60] });

    public static readonly Counter<long> Retries = s_meter.CreateCounter<long>(
        "rest_client_request_retries", description: "Requests sent again by verb and cause.");

    public static readonly Histogram<double> Throttled = s_meter.CreateHistogram<double>(
        "rest_client_rate_limiter_duration", "s", "Time that requests waited for this side's rate limit.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60] });
}
