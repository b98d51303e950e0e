using Tenon.CloudController.Configuration;
using Tenon.Core;

namespace Tenon.CloudController.Routes;

/// <summary>Whether routes are looked after, and how; decided from the command line and cloud.conf.</summary>
public sealed record RouteSettings
{
    /// <summary>The router.</summary>
    public required string RouterId { get; init; }

    /// <summary>The cluster's pod ranges, at most one an IP family.</summary>
    public required EquatableArray<AddressPrefix> ClusterRanges { get; init; }

    /// <summary>How often routes are compared even when no node changed (<c>--route-reconciliation-period</c>). Changes of nodes are answered at once.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Decides, as the peer's route controller does.</summary>
    /// <param name="flags">The flags of the command line.</param>
    /// <param name="configuredRouter"><c>router-id</c> of cloud.conf.</param>
    /// <param name="foundRouter">The router on the nodes' subnet, if it is the only one; used only where routes are asked for explicitly.</param>
    public static RouteDecision Decide(RouteFlags flags, string? configuredRouter, string? foundRouter)
    {
        ArgumentNullException.ThrowIfNull(flags);
        if (!flags.AllocateNodeCidrs) return RouteDecision.Off("--allocate-node-cidrs is not set");
        if (flags.ConfigureCloudRoutes == false) return RouteDecision.Off("--configure-cloud-routes is false");
        var problems = new List<Problem>();
        var ranges = new List<AddressPrefix>();
        foreach (string text in (flags.ClusterCidr ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (AddressPrefix.TryParse(text, out AddressPrefix range)) ranges.Add(range);
            else problems.Add(Problem.Error("--cluster-cidr", text, "it is not a range of addresses", "Write a range such as 10.244.0.0/16, or one of each family with a comma between."));
        }

        if (problems.Count > 0) return new RouteDecision(null, "--cluster-cidr is not right", problems.ToEquatableArray());
        string? router = configuredRouter ?? (flags.ConfigureCloudRoutes == true ? foundRouter : null);
        if (router is null)
        {
            return RouteDecision.Off(foundRouter is null
                ? "there is no router-id in [Route] of cloud.conf, and no single router on the nodes' subnet"
                : $"there is no router-id in [Route] of cloud.conf; set it to {foundRouter}, or --configure-cloud-routes=true");
        }

        if (ranges.Count == 0 && problems.Count == 0)
            problems.Add(Problem.Error("--cluster-cidr", null, "routes need the cluster's pod range", "Set it to the range from which nodes get theirs, such as 10.244.0.0/16."));
        if (ranges.Count > 2 || (ranges.Count == 2 && ranges[0].IsIpv6 == ranges[1].IsIpv6))
            problems.Add(Problem.Error("--cluster-cidr", flags.ClusterCidr, "there may be one range of each family", "Write at most one IPv4 and one IPv6 range."));
        return problems.Count > 0
            ? new RouteDecision(null, "--cluster-cidr is not right", problems.ToEquatableArray())
            : new RouteDecision(new RouteSettings { RouterId = router, ClusterRanges = ranges.ToEquatableArray(), Period = flags.Period ?? TimeSpan.FromMinutes(5) }, null, []);
    }
}

/// <summary>The flags of the command line that concern routes.</summary>
public sealed record RouteFlags
{
    /// <summary><c>--allocate-node-cidrs</c>.</summary>
    public bool AllocateNodeCidrs { get; init; }

    /// <summary><c>--configure-cloud-routes</c>; <see langword="null"/> when it is not given, which means yes if there is a router-id.</summary>
    public bool? ConfigureCloudRoutes { get; init; }

    /// <summary><c>--cluster-cidr</c>.</summary>
    public string? ClusterCidr { get; init; }

    /// <summary><c>--route-reconciliation-period</c>; <see langword="null"/> when it is not given.</summary>
    public TimeSpan? Period { get; init; }
}

/// <summary>Whether routes are looked after.</summary>
/// <param name="Settings">How; <see langword="null"/> when they are not.</param>
/// <param name="WhyNot">Why they are not.</param>
/// <param name="Problems">What is wrong with what was asked for.</param>
public sealed record RouteDecision(RouteSettings? Settings, string? WhyNot, EquatableArray<Problem> Problems)
{
    internal static RouteDecision Off(string why) => new(null, why, []);
}
