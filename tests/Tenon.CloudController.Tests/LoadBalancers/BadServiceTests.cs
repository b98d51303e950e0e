using System.Collections.Immutable;
using Tenon.CloudController.LoadBalancers;
using Tenon.Core;
using Tenon.Kubernetes.Objects;
using static Tenon.CloudController.Tests.LoadBalancers.ServiceExamples;

namespace Tenon.CloudController.Tests.LoadBalancers;

/// <summary>The Service half of the bad-input table: each ends in exactly one problem that names the field and the fix.</summary>
public sealed class BadServiceTests
{
    /// <summary>Annotation, value, whether the Service can still be served, what the message says, what the fix says.</summary>
    public static TheoryData<string, string, bool, string, string> Annotations => new()
    {
        { "keep-floatingip", "yes", true, "neither \"true\" nor \"false\", and false is assumed", "Write \"true\" or \"false\"" },
        { "x-forwarded-for", "True", true, "neither \"true\" nor \"false\"", "Write \"true\"" },
        { "enable-health-monitor", "1", true, "and false is assumed", "Write \"true\"" },
        { "service.beta.kubernetes.io/openstack-internal-load-balancer", "True", false, "guessing could expose the Service", "Write \"true\" or \"false\"" },
        { "proxy-protocol", "v3", true, "the PROXY protocol stays off", "\"v1\", \"v2\"" },
        { "lb-method", "ROUNDROBIN", true, "not a load-balancing algorithm", "Did you mean ROUND_ROBIN?" },
        { "lb-method", "fastest", true, "the configured one is used", "Write one of ROUND_ROBIN" },
        { "connection-limit", "many", true, "-1 is used", "Write -1 for no limit" },
        { "connection-limit", "0", true, "-1 is used", "a positive number" },
        { "connection-limit", "-5", true, "-1 is used", "a positive number" },
        { "timeout-client-data", "5s", true, "50000 is used", "a number of milliseconds" },
        { "timeout-member-connect", "-1", true, "5000 is used", "milliseconds" },
        { "timeout-member-data", "99999999999999", true, "50000 is used", "31536000000" },
        { "timeout-tcp-inspect", "x", true, "0 is used", "milliseconds" },
        { "health-monitor-delay", "0", true, "5 is used", "positive number of seconds" },
        { "health-monitor-timeout", "3s", true, "3 is used", "positive number of seconds" },
        { "health-monitor-timeout", "60", true, "longer than the delay (5 s)", "Set the timeout below the delay" },
        { "health-monitor-max-retries", "11", true, "1 is used", "from 1 to 10" },
        { "health-monitor-max-retries-down", "none", true, "3 is used", "from 1 to 10" },
        { "class", "dmzz", false, "no such load balancer class", "Did you mean dmz?" },
        { "class", "entirely-else", false, "no such load balancer class", "cloud.conf has the classes dmz" },
        { "floating-subnet", "~[", false, "the regular expression is malformed", "a regular expression after ~" },
        { "node-selector", "=production", true, "is not a label", "Write labels separated by commas" },
        { "node-selector", "env production=x", true, "is not a label", "Write labels separated by commas" },
        { "default-tls-container-ref", "my-certificate", false, "not the reference of a Barbican container or secret", "container-store=external" },
        { "default-tls-container-ref", "https://barbican/v1/orders/1", false, "not the reference", "https://KEYMANAGER/v1/containers/UUID" },
        { "hostname", "not a host", true, "it is not a host name", "www.example.org" },
        { "hostname", "203.0.113.7", true, "it is not a host name", "DNS name" },
        { "subnet-id", "a/b", false, "not the ID of a Neutron subnet", "Write an ID" },
        { "network-id", "my network", false, "not the ID of a Neutron network", "Write an ID" },
        { "port-id", "p?x=1", false, "not the ID of a Neutron port", "Write an ID" },
        { "floating-network-id", "public net", false, "not the ID of an external network", "Write an ID" },
        { "member-subnet-id", "x y", false, "not the ID of a Neutron subnet", "Write an ID" },
        { "load-balancer-id", "../x", false, "not the ID of a load balancer", "Write an ID" },
        { "flavor-id", "m1 large", false, "not the ID of an Octavia flavour", "Write an ID" },
        { "service.beta.kubernetes.io/load-balancer-source-ranges", "10.0.0.0", false, "not a range of addresses", "10.0.0.0/24" },
        { "conection-limit", "10", true, "there is no such annotation", "Did you mean loadbalancer.openstack.org/connection-limit?" },
        { "proxy", "true", true, "there is no such annotation", "" },
        { "zzz", "true", true, "there is no such annotation", "Remove it." },
    };

    /// <summary>Spec, what the field is, what the message says, what the fix says.</summary>
    public static TheoryData<string, string, string, string> Specs => new()
    {
        { """{"ports": []}""", "spec.ports", "there is no port", "Give at least one port" },
        { """{"ports": [{"protocol": "QUIC", "port": 443}]}""", "spec.ports[0].protocol", "TCP, UDP and SCTP", "Write one of these" },
        { """{"ports": [{"port": 0}]}""", "spec.ports[0].port", "it is not a port", "from 1 to 65535" },
        { """{"ports": [{"port": 70000}]}""", "spec.ports[0].port", "it is not a port", "from 1 to 65535" },
        { """{"ports": [{"port": 80}, {"name": "b", "port": 80}]}""", "spec.ports[1]", "the port is given twice", "Remove one" },
        { """{"loadBalancerIP": "none"}""", "spec.loadBalancerIP", "it is not an IP address", "192.0.2.10" },
        { """{"loadBalancerSourceRanges": ["10.0.0.0/24", "10.0.0.0/33"]}""", "spec.loadBalancerSourceRanges[1]", "not a range of addresses", "10.0.0.0/24" },
        { """{"loadBalancerSourceRanges": ["everybody"]}""", "spec.loadBalancerSourceRanges[0]", "not a range of addresses", "10.0.0.0/24" },
    };

    private static LoadBalancerOptions Options { get; } = new()
    {
        Classes = ImmutableSortedDictionary.CreateRange<string, LoadBalancerClassOptions>([new("dmz", new() { FloatingNetworkId = "dmz-net" })]),
    };

    [Theory]
    [MemberData(nameof(Annotations))]
    public void An_annotation_that_cannot_be_used_is_named_with_its_fix(string name, string value, bool served, string message, string fix)
    {
        Service service = Service(new Dictionary<string, string> { [name] = value });

        LoadBalancerSettings? settings = LoadBalancerSettingsParser.Parse(service, Options, out ImmutableArray<Problem> problems);

        Problem problem = problems.ShouldHaveSingleItem();
        (settings is not null).ShouldBe(served);
        problem.Severity.ShouldBe(served ? ProblemSeverity.Warning : ProblemSeverity.Error);
        problem.Field.ShouldContain(name);
        problem.Value.ShouldBe(value);
        problem.Message.ShouldContain(message);
        problem.Fix.ShouldContain(fix);
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void A_spec_that_cannot_be_served_is_named_with_its_fix(string spec, string field, string message, string fix)
    {
        LoadBalancerSettings? settings = LoadBalancerSettingsParser.Parse(Service(spec: spec), Options, out ImmutableArray<Problem> problems);

        settings.ShouldBeNull();
        Problem problem = problems.ShouldHaveSingleItem();
        problem.Field.ShouldBe(field);
        problem.Message.ShouldContain(message);
        problem.Fix.ShouldContain(fix);
    }

    [Fact]
    public void Every_problem_is_gathered_at_once()
    {
        Service service = Service(
            new Dictionary<string, string> { ["proxy-protocol"] = "true", ["x-forwarded-for"] = "true", ["class"] = "nope", ["connection-limit"] = "x" },
            """{"loadBalancerIP": "none"}""");

        LoadBalancerSettingsParser.Parse(service, Options, out ImmutableArray<Problem> problems).ShouldBeNull();

        problems.Length.ShouldBe(4);
        problems.ShouldContain(p => p.Message.Contains("cannot be used together with x-forwarded-for", StringComparison.Ordinal));
    }
}
