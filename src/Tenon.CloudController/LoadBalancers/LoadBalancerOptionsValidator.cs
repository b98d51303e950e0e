using System.Collections.Immutable;
using Tenon.Core;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>Gathers every problem of a <see cref="LoadBalancerOptions"/>.</summary>
internal static class LoadBalancerOptionsValidator
{
    private const string Section = "[LoadBalancer]";

    private static readonly string[] KnownProviders = ["amphora", "octavia", "ovn", "f5", "amphorav2"];
    private static readonly string[] KnownStores = ["barbican", "external"];

    public static ImmutableArray<Problem> Validate(LoadBalancerOptions options)
    {
        var problems = ImmutableArray.CreateBuilder<Problem>();
        if (options.LbVersion is { Length: > 0 } and not "v2")
        {
            problems.Add(Problem.Error($"{Section} lb-version", options.LbVersion, "only Octavia is supported", "Set it to v2 or remove it."));
        }

        if (options.LbProvider is { } provider && !KnownProviders.Contains(provider))
        {
            problems.Add(Problem.Warning($"{Section} lb-provider", provider, "this provider is not one that is tested",
                $"Known providers are {string.Join(", ", KnownProviders)}; it is used as given."));
        }

        if (options.LbMethod is { } method && !LoadBalancerMethods.All.Contains(method))
        {
            problems.Add(Problem.Error($"{Section} lb-method", method, "this is not a load-balancing algorithm of Octavia",
                LoadBalancerMethods.Fix(method)));
        }
        else if (options is { LbProvider: "ovn", LbMethod: not null and not LoadBalancerMethods.SourceIpPort })
        {
            problems.Add(Problem.Error($"{Section} lb-method", options.LbMethod, "the provider ovn knows only SOURCE_IP_PORT",
                "Set it to SOURCE_IP_PORT or remove it."));
        }

        Seconds(problems, "monitor-delay", options.MonitorDelay);
        Seconds(problems, "monitor-timeout", options.MonitorTimeout);
        if (options.MonitorTimeout > options.MonitorDelay)
        {
            problems.Add(Problem.Warning($"{Section} monitor-timeout", $"{options.MonitorTimeout.TotalSeconds:0.###}s",
                $"it is longer than monitor-delay ({options.MonitorDelay.TotalSeconds:0.###}s), so probes overlap", "Set it below monitor-delay."));
        }

        Retries(problems, "monitor-max-retries", options.MonitorMaxRetries);
        Retries(problems, "monitor-max-retries-down", options.MonitorMaxRetriesDown);
        if (options.MaxSharedLb < 1)
        {
            problems.Add(Problem.Error($"{Section} max-shared-lb", options.MaxSharedLb.ToString(), "it must be at least 1", "Set it to 2, the default, or more."));
        }

        if (!KnownStores.Contains(options.ContainerStore))
        {
            problems.Add(Problem.Warning($"{Section} container-store", options.ContainerStore, "this store is not known; certificates are not checked",
                "Set it to barbican or external."));
        }

        if (options.DefaultTlsContainerRef is { } reference && options.ContainerStore == "barbican" && !TlsContainerRef.Is(reference))
        {
            problems.Add(Problem.Error($"{Section} default-tls-container-ref", reference, "it is not the reference of a Barbican container or secret", TlsContainerRef.Fix));
        }

        if (options.NodeSelector is { } selector && NodeSelector.Parse(selector, out string? complaint) is null)
        {
            problems.Add(Problem.Error($"{Section} node-selector", selector, complaint!, NodeSelector.Fix));
        }

        Pattern(problems, $"{Section} floating-subnet", options.FloatingSubnet);
        foreach ((string name, LoadBalancerClassOptions section) in options.Classes)
        {
            Class(problems, name, section);
        }

        return problems.ToImmutable();
    }

    private static void Class(ImmutableArray<Problem>.Builder problems, string name, LoadBalancerClassOptions section)
    {
        string heading = $"[LoadBalancerClass \"{name}\"]";
        Pattern(problems, $"{heading} floating-subnet", section.FloatingSubnet);
        if (section == new LoadBalancerClassOptions())
        {
            problems.Add(Problem.Warning(heading, null, "the class sets nothing",
                "Set one of floating-network-id, floating-subnet-id, floating-subnet, floating-subnet-tags, network-id, subnet-id, member-subnet-id."));
        }
    }

    private static void Pattern(ImmutableArray<Problem>.Builder problems, string field, string? pattern)
    {
        if (pattern is null || SubnetPattern.TryParse(pattern, tags: null, out _, out string? complaint)) return;
        problems.Add(Problem.Error(field, pattern, complaint!, "Write a name, a glob (public-*), or a regular expression after ~, each negated by a leading !."));
    }

    private static void Seconds(ImmutableArray<Problem>.Builder problems, string option, TimeSpan value)
    {
        if (value < TimeSpan.FromSeconds(1))
        {
            problems.Add(Problem.Error($"{Section} {option}", $"{value.TotalSeconds:0.###}s", "it must be at least one second", "Write a duration such as 5s."));
        }
    }

    private static void Retries(ImmutableArray<Problem>.Builder problems, string option, int value)
    {
        if (value is < 1 or > 10)
        {
            problems.Add(Problem.Error($"{Section} {option}", value.ToString(), "it must be from 1 to 10", "Write a number from 1 to 10."));
        }
    }
}
