using System.Collections.Immutable;
using System.Net;
using Tenon.Core;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>
/// Reads <see cref="LoadBalancerSettings"/> from a Service and the configuration, gathering every problem. An annotation whose
/// value cannot be used is a warning, and the configured or usual value takes its place, as openstack-cloud-controller-manager
/// has it: a Service that is served must not lose its members over a typing error. What contradicts itself, or would expose what
/// is meant to be internal, is an error, and the Service is left as it is.
/// </summary>
public static class LoadBalancerSettingsParser
{
    private const long MaxTimeoutMilliseconds = 31_536_000_000;

    /// <summary>Reads the settings; <see langword="null"/> when a problem is an error.</summary>
    public static LoadBalancerSettings? Parse(Service service, LoadBalancerOptions options, out ImmutableArray<Problem> problems)
    {
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(options);
        var reader = new AnnotationReader(service.Metadata.Annotations);
        ServiceSpec spec = service.Spec;
        LoadBalancerClassOptions? section = Class(reader, options);

        EquatableArray<ServicePortSettings> ports = Ports(spec, reader);
        ProxyProtocolVersion proxy = Proxy(reader);
        bool forwardedFor = reader.Bool(ServiceAnnotations.ForwardedFor, false);
        if (proxy is not ProxyProtocolVersion.None && forwardedFor)
        {
            reader.Error(ServiceAnnotations.ProxyProtocol, "it cannot be used together with x-forwarded-for", $"Remove it or {ServiceAnnotations.ForwardedFor}.");
        }

        bool monitor = reader.Bool(ServiceAnnotations.EnableMonitor, options.CreateMonitor);
        bool local = spec.ExternalTrafficPolicy == "Local";
        (TimeSpan delay, TimeSpan timeout) = MonitorTimes(reader, options);
        SubnetPattern? pattern = FloatingSubnets(reader, options, section, out string? floatingSubnetId);
        EquatableArray<string> families = [.. spec.IpFamilies];
        bool isInternal = options.InternalLb || ServiceExposure.IsInternal(service.Metadata.Annotations, reader.Found);

        var settings = new LoadBalancerSettings
        {
            Service = service.Metadata.Key,
            Uid = service.Metadata.Uid,
            Ports = ports,
            IpFamilies = families,
            RequiresDualStack = spec.IpFamilyPolicy == "RequireDualStack",
            Internal = isInternal,
            LoadBalancerId = reader.Id(ServiceAnnotations.LoadBalancerId, null, "a load balancer"),
            LoadBalancerIp = ServiceExposure.LoadBalancerIp(spec, isInternal, reader.Found),
            WasServed = service.Status.LoadBalancer.Ingress.Count > 0,
            PortId = reader.Id(ServiceAnnotations.PortId, null, "a Neutron port"),
            SubnetId = section?.SubnetId ?? reader.Id(ServiceAnnotations.SubnetId, options.SubnetId, "a Neutron subnet"),
            NetworkId = section?.NetworkId ?? reader.Id(ServiceAnnotations.NetworkId, options.NetworkId, "a Neutron network"),
            MemberSubnetId = section?.MemberSubnetId ?? reader.Id(ServiceAnnotations.MemberSubnetId, options.MemberSubnetId, "a Neutron subnet")
                ?? options.SubnetId ?? section?.SubnetId ?? reader.Id(ServiceAnnotations.SubnetId, null, "a Neutron subnet"),
            FloatingNetworkId = section?.FloatingNetworkId ?? reader.Id(ServiceAnnotations.FloatingNetworkId, options.FloatingNetworkId, "an external network"),
            FloatingSubnetId = floatingSubnetId,
            FloatingSubnets = pattern,
            KeepFloatingIp = reader.Bool(ServiceAnnotations.KeepFloatingIp, false),
            ConnectionLimit = reader.Int(ServiceAnnotations.ConnectionLimit, -1, v => v == -1 || v > 0, "-1 for no limit, or a positive number"),
            Method = Method(reader, options),
            ProxyProtocol = proxy,
            ForwardedFor = forwardedFor,
            TlsContainerRef = Tls(reader, options),
            TimeoutClientData = Timeout(reader, ServiceAnnotations.TimeoutClientData, 50_000),
            TimeoutMemberConnect = Timeout(reader, ServiceAnnotations.TimeoutMemberConnect, 5_000),
            TimeoutMemberData = Timeout(reader, ServiceAnnotations.TimeoutMemberData, 50_000),
            TimeoutTcpInspect = Timeout(reader, ServiceAnnotations.TimeoutTcpInspect, 0),
            AsksForTimeouts = reader.Has(ServiceAnnotations.TimeoutClientData) || reader.Has(ServiceAnnotations.TimeoutMemberConnect)
                || reader.Has(ServiceAnnotations.TimeoutMemberData) || reader.Has(ServiceAnnotations.TimeoutTcpInspect),
            SourceRanges = ServiceExposure.SourceRanges(service, reader.Found),
            ClientIpAffinity = spec.SessionAffinity == "ClientIP",
            Monitor = monitor,
            MonitorDelay = delay,
            MonitorTimeout = timeout,
            MonitorMaxRetries = Retries(reader, ServiceAnnotations.MonitorMaxRetries, options.MonitorMaxRetries),
            MonitorMaxRetriesDown = Retries(reader, ServiceAnnotations.MonitorMaxRetriesDown, options.MonitorMaxRetriesDown),
            HealthCheckNodePort = monitor && local ? spec.HealthCheckNodePort : 0,
            OpenHealthCheckNodePort = spec.HealthCheckNodePort,
            FlavorId = reader.Id(ServiceAnnotations.FlavorId, options.FlavorId, "an Octavia flavour", emptyOverrides: true),
            AvailabilityZone = reader.Text(ServiceAnnotations.AvailabilityZone, options.AvailabilityZone),
            NodeSelector = Selector(reader, options),
            Hostname = Hostname(reader),
        };
        reader.UnknownNames();
        problems = reader.Problems;
        return problems.Any(p => p.Severity is ProblemSeverity.Error) ? null : settings;
    }

    private static LoadBalancerClassOptions? Class(AnnotationReader reader, LoadBalancerOptions options)
    {
        if (reader.Text(ServiceAnnotations.Class, null) is not { } name) return null;
        if (options.Classes.TryGetValue(name, out LoadBalancerClassOptions? section)) return section;
        string fix = NearestName.Find(name, options.Classes.Keys) is { } nearest ? $"Did you mean {nearest}?"
            : options.Classes.IsEmpty ? "cloud.conf has no section [LoadBalancerClass \"NAME\"]; add one or remove the annotation."
            : $"cloud.conf has the classes {string.Join(", ", options.Classes.Keys)}.";
        reader.Error(ServiceAnnotations.Class, "there is no such load balancer class", fix);
        return null;
    }

    private static EquatableArray<ServicePortSettings> Ports(ServiceSpec spec, AnnotationReader reader)
    {
        if (spec.Ports.Count == 0) reader.ErrorOf("spec.ports", null, "there is no port", "Give at least one port.");
        var ports = ImmutableArray.CreateBuilder<ServicePortSettings>();
        for (int i = 0; i < spec.Ports.Count; i++)
        {
            ServicePort port = spec.Ports[i];
            string protocol = port.Protocol.ToUpperInvariant();
            if (protocol is not ("TCP" or "UDP" or "SCTP"))
            {
                reader.ErrorOf($"spec.ports[{i}].protocol", port.Protocol, "load balancers speak TCP, UDP and SCTP", "Write one of these.");
            }
            else if (port.Port is < 1 or > 65535)
            {
                reader.ErrorOf($"spec.ports[{i}].port", $"{port.Port}", "it is not a port", "Write a number from 1 to 65535.");
            }
            else if (ports.Any(p => p.Port == port.Port && p.Protocol == protocol))
            {
                reader.ErrorOf($"spec.ports[{i}]", $"{port.Port}/{protocol}", "the port is given twice", "Remove one.");
            }

            ports.Add(new(protocol, port.Port, port.NodePort));
        }

        return ports.ToImmutable();
    }

    private static ProxyProtocolVersion Proxy(AnnotationReader reader)
    {
        switch (reader.Raw(ServiceAnnotations.ProxyProtocol))
        {
            case null or "" or "false":
                return ProxyProtocolVersion.None;
            case "true" or "v1":
                return ProxyProtocolVersion.V1;
            case "v2":
                return ProxyProtocolVersion.V2;
            default:
                reader.Warning(ServiceAnnotations.ProxyProtocol, "it is not known, and the PROXY protocol stays off", "Write \"true\", \"v1\", \"v2\" or \"false\".");
                return ProxyProtocolVersion.None;
        }
    }

    private static string? Method(AnnotationReader reader, LoadBalancerOptions options)
    {
        if (reader.Text(ServiceAnnotations.Method, null) is not { } method) return options.LbMethod;
        if (LoadBalancerMethods.All.Contains(method)) return method;
        reader.Warning(ServiceAnnotations.Method, "this is not a load-balancing algorithm of Octavia, and the configured one is used", LoadBalancerMethods.Fix(method));
        return options.LbMethod;
    }

    private static string? Tls(AnnotationReader reader, LoadBalancerOptions options)
    {
        string? reference = reader.Raw(ServiceAnnotations.TlsContainerRef) is { } given ? given.Trim() : options.DefaultTlsContainerRef;
        if (string.IsNullOrEmpty(reference)) return null;
        if (options.ContainerStore == "barbican" && !LoadBalancers.TlsContainerRef.Is(reference))
        {
            reader.ErrorOf(Field(ServiceAnnotations.TlsContainerRef), reference, "it is not the reference of a Barbican container or secret", LoadBalancers.TlsContainerRef.Fix);
        }

        return reference;
    }

    private static TimeSpan Timeout(AnnotationReader reader, string name, int usual)
        => TimeSpan.FromMilliseconds(reader.Long(name, usual, v => v is >= 0 and <= MaxTimeoutMilliseconds, $"a number of milliseconds from 0 to {MaxTimeoutMilliseconds}"));

    private static int Retries(AnnotationReader reader, string name, int configured)
        => reader.Int(name, configured, v => v is >= 1 and <= 10, "a number from 1 to 10");

    private static (TimeSpan Delay, TimeSpan Timeout) MonitorTimes(AnnotationReader reader, LoadBalancerOptions options)
    {
        int delay = reader.Int(ServiceAnnotations.MonitorDelay, (int)options.MonitorDelay.TotalSeconds, v => v >= 1, "a positive number of seconds");
        int timeout = reader.Int(ServiceAnnotations.MonitorTimeout, (int)options.MonitorTimeout.TotalSeconds, v => v >= 1, "a positive number of seconds");
        if (timeout > delay && (reader.Has(ServiceAnnotations.MonitorDelay) || reader.Has(ServiceAnnotations.MonitorTimeout)))
        {
            reader.Warning(reader.Has(ServiceAnnotations.MonitorTimeout) ? ServiceAnnotations.MonitorTimeout : ServiceAnnotations.MonitorDelay,
                $"the timeout ({timeout} s) is longer than the delay ({delay} s), so probes overlap", "Set the timeout below the delay.");
        }

        return (TimeSpan.FromSeconds(delay), TimeSpan.FromSeconds(timeout));
    }

    private static SubnetPattern? FloatingSubnets(AnnotationReader reader, LoadBalancerOptions options, LoadBalancerClassOptions? section, out string? id)
    {
        (string? subnetId, string? name, string? tags, string field) = (section?.FloatingSubnetId, section?.FloatingSubnet, section?.FloatingSubnetTags, $"class {reader.Raw(ServiceAnnotations.Class)} floating-subnet");
        if (subnetId is null && name is null && tags is null)
        {
            subnetId = reader.Id(ServiceAnnotations.FloatingSubnetId, null, "a subnet of the external network");
            (name, tags, field) = (reader.Text(ServiceAnnotations.FloatingSubnet, null), reader.Text(ServiceAnnotations.FloatingSubnetTags, null), Field(ServiceAnnotations.FloatingSubnet));
        }

        if (subnetId is null && name is null && tags is null)
        {
            (subnetId, name, tags, field) = (options.FloatingSubnetId, options.FloatingSubnet, options.FloatingSubnetTags, "[LoadBalancer] floating-subnet");
        }

        id = subnetId;
        if (subnetId is not null || (name is null && tags is null)) return null;
        if (SubnetPattern.TryParse(name, tags, out SubnetPattern? pattern, out string? complaint)) return pattern;
        reader.ErrorOf(field, name, complaint!, "Write a name, a glob (public-*), or a regular expression after ~, each negated by a leading !.");
        return null;
    }

    private static NodeSelector Selector(AnnotationReader reader, LoadBalancerOptions options)
    {
        NodeSelector configured = options.NodeSelector is { } text ? NodeSelector.Parse(text, out _) ?? NodeSelector.Everything : NodeSelector.Everything;
        if (reader.Raw(ServiceAnnotations.NodeSelector) is not { } given) return configured;
        if (NodeSelector.Parse(given, out string? complaint) is { } selector) return selector;
        reader.Warning(ServiceAnnotations.NodeSelector, $"{complaint}; the configured selector is used", NodeSelector.Fix);
        return configured;
    }

    private static string? Hostname(AnnotationReader reader)
    {
        if (reader.Text(ServiceAnnotations.Hostname, null) is not { } name) return null;
        bool valid = name.Length <= 253 && name.TrimEnd('.').Split('.').All(l => l.Length is > 0 and <= 63
            && char.IsAsciiLetterOrDigit(l[0]) && char.IsAsciiLetterOrDigit(l[^1]) && l.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'));
        if (valid && !IPAddress.TryParse(name, out _)) return name.TrimEnd('.').ToLowerInvariant();
        reader.Warning(ServiceAnnotations.Hostname, "it is not a host name, and the address is published", "Write a DNS name such as www.example.org.");
        return null;
    }

    private static string Field(string annotation) => $"metadata.annotations[{annotation}]";

    /// <summary>Reads annotations and gathers what is wrong with them.</summary>
    private sealed class AnnotationReader(IReadOnlyDictionary<string, string> annotations)
    {
        private readonly List<Problem> _problems = [];

        public ICollection<Problem> Found => _problems;

        public ImmutableArray<Problem> Problems => [.. _problems.Distinct()];

        public bool Has(string name) => annotations.ContainsKey(name);

        public string? Raw(string name) => annotations.GetValueOrDefault(name);

        /// <summary>A text; present but empty stands for "none".</summary>
        public string? Text(string name, string? otherwise)
            => annotations.TryGetValue(name, out string? value) ? value.Trim() is { Length: > 0 } text ? text : null : otherwise;

        public string? Id(string name, string? otherwise, string of, bool emptyOverrides = false)
        {
            if (!annotations.TryGetValue(name, out string? value)) return otherwise;
            string text = value.Trim();
            if (text.Length == 0) return emptyOverrides ? null : otherwise;
            if (!text.Any(c => char.IsWhiteSpace(c) || c is '/' or '?' or '#' or '&')) return text;
            Error(name, $"it is not the ID of {of}", "Write an ID such as 3f0e2c1a-0000-4000-8000-000000000000.");
            return otherwise;
        }

        public bool Bool(string name, bool otherwise)
        {
            switch (Raw(name))
            {
                case null or "":
                    return otherwise;
                case "true":
                    return true;
                case "false":
                    return false;
                default:
                    Warning(name, $"it is neither \"true\" nor \"false\", and {(otherwise ? "true" : "false")} is assumed", "Write \"true\" or \"false\".");
                    return otherwise;
            }
        }

        public int Int(string name, int otherwise, Func<int, bool> valid, string expected) => (int)Long(name, otherwise, v => v is >= int.MinValue and <= int.MaxValue && valid((int)v), expected);

        public long Long(string name, long otherwise, Func<long, bool> valid, string expected)
        {
            if (Raw(name) is not { } text) return otherwise;
            if (long.TryParse(text.Trim(), out long value) && valid(value)) return value;
            Warning(name, $"it is not {expected}, and {otherwise} is used", $"Write {expected}.");
            return otherwise;
        }

        public void Error(string name, string message, string fix) => ErrorOf(Field(name), Raw(name), message, fix);

        public void ErrorOf(string field, string? value, string message, string fix) => _problems.Add(Problem.Error(field, value, message, fix));

        public void Warning(string name, string message, string fix) => _problems.Add(Problem.Warning(Field(name), Raw(name), message, fix));

        public void UnknownNames()
        {
            foreach (string name in annotations.Keys.Where(k => k.StartsWith(ServiceAnnotations.Prefix, StringComparison.Ordinal) && !ServiceAnnotations.Known.Contains(k)))
            {
                string fix = NearestName.Find(name[ServiceAnnotations.Prefix.Length..], ServiceAnnotations.Known.Select(k => k[ServiceAnnotations.Prefix.Length..])) is { } nearest
                    ? $"Did you mean {ServiceAnnotations.Prefix}{nearest}?"
                    : "Remove it.";
                Warning(name, "there is no such annotation, and it is ignored", fix);
            }
        }
    }
}
