using System.Collections.Immutable;
using Tenon.CloudController.LoadBalancers;
using Tenon.Core;
using Tenon.OpenStack.Configuration;

namespace Tenon.CloudController.Configuration;

/// <summary>Reads <c>[LoadBalancer]</c> and <c>[LoadBalancerClass "name"]</c> of cloud.conf into <see cref="LoadBalancerOptions"/>.</summary>
public static class LoadBalancerSections
{
    private const int AnyNumber = 1_000_000;

    /// <summary>What <c>[LoadBalancer]</c> may hold.</summary>
    public static SectionDefinition Definition { get; } = new("LoadBalancer", HasSubsections: false,
    [
        new("enabled", OptionKind.Flag, "true"),
        new("lb-version", OptionKind.Text, "v2"),
        new("lb-provider", OptionKind.Text, "ovn where the cloud enables it and no option asks for what it lacks, else amphora"),
        new("lb-method", OptionKind.Text, "SOURCE_IP_PORT for ovn, else ROUND_ROBIN"),
        new("subnet-id", OptionKind.Text, "the nodes' subnet"),
        new("member-subnet-id", OptionKind.Text, "subnet-id"),
        new("network-id", OptionKind.Text, "the nodes' network"),
        new("floating-network-id", OptionKind.Text, "the only external network that the nodes' router reaches"),
        new("floating-subnet-id", OptionKind.Text),
        new("floating-subnet", OptionKind.Text),
        new("floating-subnet-tags", OptionKind.Text),
        new("create-monitor", OptionKind.Flag, "false"),
        new("monitor-delay", OptionKind.Duration, "5s"),
        new("monitor-timeout", OptionKind.Duration, "3s"),
        new("monitor-max-retries", OptionKind.Number, "1"),
        new("monitor-max-retries-down", OptionKind.Number, "3"),
        new("manage-security-groups", OptionKind.Flag, "false"),
        new("internal-lb", OptionKind.Flag, "false"),
        new("node-selector", OptionKind.Text),
        new("cascade-delete", OptionKind.Flag, "true"),
        new("flavor-id", OptionKind.Text),
        new("availability-zone", OptionKind.Text),
        new("enable-ingress-hostname", OptionKind.Flag, "false"),
        new("ingress-hostname-suffix", OptionKind.Text, "nip.io"),
        new("default-tls-container-ref", OptionKind.Text),
        new("container-store", OptionKind.Text, "barbican"),
        new("max-shared-lb", OptionKind.Number, "2"),
        new("provider-requires-serial-api-calls", OptionKind.Flag, "false"),
        new("use-octavia", OptionKind.Flag, Retired: "Remove it; Octavia is always used."),
        new("node-security-group", OptionKind.Text, Retired: "Remove it; manage-security-groups makes a group of its own for each Service."),
    ]);

    /// <summary>What <c>[LoadBalancerClass "name"]</c> may hold.</summary>
    public static SectionDefinition ClassDefinition { get; } = new("LoadBalancerClass", HasSubsections: true,
    [
        new("floating-network-id", OptionKind.Text, "that of [LoadBalancer]"),
        new("floating-subnet-id", OptionKind.Text, "that of [LoadBalancer]"),
        new("floating-subnet", OptionKind.Text, "that of [LoadBalancer]"),
        new("floating-subnet-tags", OptionKind.Text, "that of [LoadBalancer]"),
        new("network-id", OptionKind.Text, "that of [LoadBalancer]"),
        new("subnet-id", OptionKind.Text, "that of [LoadBalancer]"),
        new("member-subnet-id", OptionKind.Text, "that of [LoadBalancer]"),
    ]);

    /// <summary>Reads the sections, gathering problems.</summary>
    /// <param name="reader">Reads <c>[LoadBalancer]</c>.</param>
    /// <param name="classes">Reads each <c>[LoadBalancerClass]</c>, by name.</param>
    /// <param name="problems">Takes every problem found.</param>
    public static LoadBalancerOptions Read(OptionReader reader, IReadOnlyDictionary<string, OptionReader> classes, List<Problem> problems)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(classes);
        ArgumentNullException.ThrowIfNull(problems);
        var standard = new LoadBalancerOptions();
        var options = new LoadBalancerOptions
        {
            Enabled = reader.Flag("enabled", standard.Enabled),
            LbVersion = reader.Text("lb-version"),
            LbProvider = reader.Text("lb-provider"),
            LbMethod = reader.Text("lb-method"),
            SubnetId = Identifiers.Read(reader, "subnet-id", "subnet"),
            MemberSubnetId = Identifiers.Read(reader, "member-subnet-id", "subnet"),
            NetworkId = Identifiers.Read(reader, "network-id", "network"),
            FloatingNetworkId = Identifiers.Read(reader, "floating-network-id", "network"),
            FloatingSubnetId = Identifiers.Read(reader, "floating-subnet-id", "subnet"),
            FloatingSubnet = reader.Text("floating-subnet"),
            FloatingSubnetTags = reader.Text("floating-subnet-tags"),
            CreateMonitor = reader.Flag("create-monitor", standard.CreateMonitor),
            MonitorDelay = reader.Duration("monitor-delay", standard.MonitorDelay, TimeSpan.Zero, TimeSpan.FromDays(1)),
            MonitorTimeout = reader.Duration("monitor-timeout", standard.MonitorTimeout, TimeSpan.Zero, TimeSpan.FromDays(1)),
            MonitorMaxRetries = reader.Number("monitor-max-retries", standard.MonitorMaxRetries, -AnyNumber, AnyNumber),
            MonitorMaxRetriesDown = reader.Number("monitor-max-retries-down", standard.MonitorMaxRetriesDown, -AnyNumber, AnyNumber),
            ManageSecurityGroups = reader.Flag("manage-security-groups", standard.ManageSecurityGroups),
            InternalLb = reader.Flag("internal-lb", standard.InternalLb),
            NodeSelector = reader.Text("node-selector"),
            CascadeDelete = reader.Flag("cascade-delete", standard.CascadeDelete),
            FlavorId = reader.Text("flavor-id"),
            AvailabilityZone = reader.Text("availability-zone"),
            EnableIngressHostname = reader.Flag("enable-ingress-hostname", standard.EnableIngressHostname),
            IngressHostnameSuffix = reader.Text("ingress-hostname-suffix", standard.IngressHostnameSuffix),
            DefaultTlsContainerRef = reader.Text("default-tls-container-ref"),
            ContainerStore = reader.Text("container-store", standard.ContainerStore),
            MaxSharedLb = reader.Number("max-shared-lb", standard.MaxSharedLb, -AnyNumber, AnyNumber),
            ProviderRequiresSerialApiCalls = reader.Flag("provider-requires-serial-api-calls", standard.ProviderRequiresSerialApiCalls),
            Classes = classes.ToImmutableSortedDictionary(c => c.Key, c => ReadClass(c.Value), StringComparer.Ordinal),
        };
        IEnumerable<OptionReader> readers = [reader, .. classes.Values];
        foreach (Problem problem in options.Validate()) problems.Add(problem with { Line = problem.Line ?? LineOf(problem.Field, readers) });
        return options;
    }

    private static LoadBalancerClassOptions ReadClass(OptionReader reader) => new()
    {
        FloatingNetworkId = Identifiers.Read(reader, "floating-network-id", "network"),
        FloatingSubnetId = Identifiers.Read(reader, "floating-subnet-id", "subnet"),
        FloatingSubnet = reader.Text("floating-subnet"),
        FloatingSubnetTags = reader.Text("floating-subnet-tags"),
        NetworkId = Identifiers.Read(reader, "network-id", "network"),
        SubnetId = Identifiers.Read(reader, "subnet-id", "subnet"),
        MemberSubnetId = Identifiers.Read(reader, "member-subnet-id", "subnet"),
    };

    private static int? LineOf(string field, IEnumerable<OptionReader> readers)
        => readers.Select(r => r.LineOfField(field)).FirstOrDefault(line => line is not null);
}
