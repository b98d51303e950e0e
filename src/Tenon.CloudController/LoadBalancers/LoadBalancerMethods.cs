using Tenon.Core;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>Octavia's load-balancing algorithms.</summary>
internal static class LoadBalancerMethods
{
    public const string RoundRobin = "ROUND_ROBIN";
    public const string LeastConnections = "LEAST_CONNECTIONS";
    public const string SourceIp = "SOURCE_IP";
    public const string SourceIpPort = "SOURCE_IP_PORT";

    public static IReadOnlyList<string> All { get; } = [RoundRobin, LeastConnections, SourceIp, SourceIpPort];

    /// <summary>What to write instead of an unknown algorithm.</summary>
    public static string Fix(string method)
        => NearestName.Find(method, All) is { } nearest
            ? $"Did you mean {nearest}? Known are {string.Join(", ", All)}."
            : $"Write one of {string.Join(", ", All)}.";
}
