using System.Collections.Immutable;
using Tenon.CloudController.LoadBalancers;
using Tenon.Core;
using Tenon.Kubernetes.Objects;
using static Tenon.CloudController.Tests.LoadBalancers.ServiceExamples;

namespace Tenon.CloudController.Tests.LoadBalancers;

public sealed class LoadBalancerSettingsTests
{
    [Fact]
    public void A_plain_service_has_the_peers_defaults()
    {
        LoadBalancerSettings settings = Parse(Service());

        settings.ConnectionLimit.ShouldBe(-1);
        settings.TimeoutClientData.ShouldBe(TimeSpan.FromMilliseconds(50000));
        settings.TimeoutMemberConnect.ShouldBe(TimeSpan.FromMilliseconds(5000));
        settings.TimeoutMemberData.ShouldBe(TimeSpan.FromMilliseconds(50000));
        settings.TimeoutTcpInspect.ShouldBe(TimeSpan.Zero);
        settings.Monitor.ShouldBeFalse();
        settings.MonitorDelay.ShouldBe(TimeSpan.FromSeconds(5));
        settings.MonitorTimeout.ShouldBe(TimeSpan.FromSeconds(3));
        settings.MonitorMaxRetries.ShouldBe(1);
        settings.MonitorMaxRetriesDown.ShouldBe(3);
        settings.Internal.ShouldBeFalse();
        settings.SourceRanges.ShouldBeEmpty();
        settings.NodeSelector.ShouldBe(NodeSelector.Everything);
        settings.Method.ShouldBeNull();
    }

    [Fact]
    public void A_class_goes_before_annotations_and_those_before_the_configuration()
    {
        var options = new LoadBalancerOptions
        {
            FloatingNetworkId = "conf-net", SubnetId = "conf-subnet", FloatingSubnetId = "conf-floating",
            Classes = ImmutableSortedDictionary.CreateRange<string, LoadBalancerClassOptions>(
                [new("dmz", new() { FloatingNetworkId = "class-net", FloatingSubnet = "dmz-*", SubnetId = "class-subnet", MemberSubnetId = "class-member" })]),
        };
        var annotations = new Dictionary<string, string> { ["floating-network-id"] = "ann-net", ["subnet-id"] = "ann-subnet", ["floating-subnet-id"] = "ann-floating", ["member-subnet-id"] = "ann-member" };

        LoadBalancerSettings plain = Parse(Service(), options);
        LoadBalancerSettings annotated = Parse(Service(annotations), options);
        LoadBalancerSettings classed = Parse(Service(new Dictionary<string, string>(annotations) { ["class"] = "dmz" }), options);

        (plain.FloatingNetworkId, plain.SubnetId, plain.FloatingSubnetId, plain.MemberSubnetId).ShouldBe(("conf-net", "conf-subnet", "conf-floating", "conf-subnet"));
        (annotated.FloatingNetworkId, annotated.SubnetId, annotated.FloatingSubnetId, annotated.MemberSubnetId).ShouldBe(("ann-net", "ann-subnet", "ann-floating", "ann-member"));
        (classed.FloatingNetworkId, classed.SubnetId, classed.FloatingSubnetId, classed.MemberSubnetId).ShouldBe(("class-net", "class-subnet", null, "class-member"));
        classed.FloatingSubnets!.Matches("dmz-1", []).ShouldBeTrue();
    }

    [Fact]
    public void Source_ranges_are_networks_and_the_field_goes_before_the_annotation()
    {
        var annotations = new Dictionary<string, string> { [ServiceAnnotations.SourceRanges] = "192.168.32.1/24, 2001:db8::1/32" };

        Parse(Service(annotations)).SourceRanges.ShouldBe(["192.168.32.0/24", "2001:db8::/32"]);
        Parse(Service(annotations, """{"loadBalancerSourceRanges": ["10.1.2.3/8"]}""")).SourceRanges.ShouldBe(["10.0.0.0/8"]);
        Parse(Service(spec: """{"loadBalancerSourceRanges": ["0.0.0.0/0"]}""")).SourceRanges.ShouldBeEmpty();
    }

    [Fact]
    public void An_empty_annotation_stands_for_none_where_the_configuration_has_a_value()
    {
        var options = new LoadBalancerOptions { FlavorId = "big", AvailabilityZone = "az", NodeSelector = "env=prod", DefaultTlsContainerRef = "https://b/v1/containers/1", InternalLb = false };
        LoadBalancerSettings settings = Parse(
            Service(new Dictionary<string, string> { ["flavor-id"] = "", ["availability-zone"] = "", ["node-selector"] = "", ["default-tls-container-ref"] = "" }), options);

        settings.FlavorId.ShouldBeNull();
        settings.AvailabilityZone.ShouldBeNull();
        settings.NodeSelector.Terms.ShouldBeEmpty();
        settings.TlsContainerRef.ShouldBeNull();
        Parse(Service(), options).TlsContainerRef.ShouldNotBeNull();
    }

    [Fact]
    public void With_internal_lb_no_service_is_external_whatever_it_says()
        => Parse(Service(new Dictionary<string, string> { [ServiceAnnotations.Internal] = "false" }), new LoadBalancerOptions { InternalLb = true }).Internal.ShouldBeTrue();

    [Theory]
    [InlineData("env=production, region", "env=production,region=x", true)]
    [InlineData("env=production", "env=test", false)]
    [InlineData("env", "env=anything", true)]
    [InlineData("env=", "env=anything", true)]
    [InlineData("env", "other=x", false)]
    [InlineData("a=b=c", "a=b=c", true)]
    [InlineData("", "x=y", true)]
    public void Node_selectors_demand_labels(string selector, string labels, bool matches)
        => NodeSelector.Parse(selector, out _)!.Matches(labels.Split(',').Select(l => l.Split('=', 2)).ToDictionary(l => l[0], l => l[1])).ShouldBe(matches);

    [Theory]
    [InlineData("public-*", null, "public-1", "", true)]
    [InlineData("public-*", null, "private-1", "", false)]
    [InlineData("!public-*", null, "private-1", "", true)]
    [InlineData("~pub.*[12]", null, "public-2", "", true)]
    [InlineData("~pub", null, "public-2", "", false)]
    [InlineData("!~pub.*", null, "public-2", "", false)]
    [InlineData("public-?", null, "public-12", "", false)]
    [InlineData("{a,b}-[1-3]", null, "b-2", "", true)]
    [InlineData(null, "red,blue", "x", "blue", true)]
    [InlineData(null, "&red,blue", "x", "blue", false)]
    [InlineData(null, "&red,blue", "x", "blue,red", true)]
    [InlineData(null, "!red", "x", "blue", true)]
    [InlineData(null, "!red", "x", "red", false)]
    [InlineData(null, "!&red,blue", "x", "red", true)]
    [InlineData("x*", "red", "xy", "blue", false)]
    public void Floating_subnets_are_chosen_by_name_and_tags(string? name, string? tags, string subnet, string subnetTags, bool matches)
    {
        SubnetPattern.TryParse(name, tags, out SubnetPattern? pattern, out _).ShouldBeTrue();
        pattern!.Matches(subnet, subnetTags.Split(',', StringSplitOptions.RemoveEmptyEntries)).ShouldBe(matches);
    }

    [Fact]
    public void Names_are_those_of_the_peer_and_long_ones_do_not_collide()
    {
        var key = new NamespacedName("default", "web");
        ServiceNames.LoadBalancer("kubernetes", key).ShouldBe("kube_service_kubernetes_default_web");
        ServiceNames.Listener(0, "kube_service_kubernetes_default_web").ShouldBe("listener_0_kube_service_kubernetes_default_web");
        ServiceNames.FloatingIpDescription("kubernetes", key).ShouldBe("Floating IP for Kubernetes external service default/web from cluster kubernetes");
        ServiceNames.LoadBalancerDescription("kubernetes", key).ShouldBe("Kubernetes external service default/web from cluster kubernetes");
        ServiceNames.SecurityGroup(key, "uid").ShouldBe("lb-sg-uid-default-web");
        ServiceNames.SecurityGroupDescription("kubernetes", key).ShouldBe("Security Group for default/web Service LoadBalancer in cluster kubernetes");
        ServiceNames.FormerLoadBalancers("kubernetes", key, "0e7c8f0a-1111-4222-8333-444455556666").ShouldBe(["a0e7c8f0a11114222833344445555666"]);

        string cluster = new('c', 200);
        string one = ServiceNames.LoadBalancer(cluster, new("default", new string('n', 62) + "1"));
        string two = ServiceNames.LoadBalancer(cluster, new("default", new string('n', 62) + "2"));
        one.Length.ShouldBe(255);
        one.ShouldNotBe(two);
    }

    [Theory]
    [InlineData("kind=TCP", "TCP", "TCP")]
    [InlineData("x-forwarded-for=true", "HTTP", "HTTP")]
    [InlineData("default-tls-container-ref=https://b/v1/secrets/1", "TERMINATED_HTTPS", "HTTP")]
    [InlineData("proxy-protocol=true", "TCP", "PROXY")]
    [InlineData("proxy-protocol=v2", "TCP", "PROXYV2")]
    public void Protocols_follow_the_annotations(string annotation, string listener, string pool)
    {
        string[] parts = annotation.Split('=', 2);
        LoadBalancing.DesiredLoadBalancer desired = Build(Service(parts[0] == "kind" ? null : new Dictionary<string, string> { [parts[0]] = parts[1] }), Amphora);

        desired.Listeners[0].Protocol.ShouldBe(listener);
        desired.Listeners[0].Pool.Protocol.ShouldBe(pool);
        desired.Listeners[0].ForwardedFor.ShouldBe(listener == "HTTP");
    }

    [Fact]
    public void What_terminates_or_speaks_http_leaves_udp_ports_alone()
    {
        Service service = Service(new Dictionary<string, string> { ["x-forwarded-for"] = "true" },
            """{"ports": [{"name": "a", "port": 53, "protocol": "UDP", "nodePort": 1}, {"name": "b", "port": 53, "protocol": "TCP", "nodePort": 2}]}""");

        Build(service, Amphora).Listeners.Select(l => $"{l.Protocol} {l.Pool.Protocol} {l.ForwardedFor}").ShouldBe(["UDP UDP False", "HTTP HTTP True"]);
    }

    [Theory]
    [InlineData("TCP", false, "TCP", null)]
    [InlineData("UDP", false, "UDP-CONNECT", null)]
    [InlineData("SCTP", false, "SCTP", null)]
    [InlineData("TCP", true, "HTTP", 32000)]
    [InlineData("UDP", true, "HTTP", 32000)]
    public void Monitors_ask_what_the_traffic_policy_needs(string protocol, bool local, string type, int? port)
    {
        Service service = Service(new Dictionary<string, string> { ["enable-health-monitor"] = "true" },
            $$"""{"ports": [{"port": 80, "protocol": "{{protocol}}", "nodePort": 30080}], "externalTrafficPolicy": "{{(local ? "Local" : "Cluster")}}", "healthCheckNodePort": {{(local ? 32000 : 0)}}}""");

        LoadBalancing.DesiredPool pool = Build(service, Amphora).Listeners[0].Pool;

        pool.Monitor!.Type.ShouldBe(type);
        pool.Monitor.UrlPath.ShouldBe(type == "HTTP" ? "/healthz" : null);
        pool.Members.First().MonitorPort.ShouldBe(port);
    }

    [Fact]
    public void Ovn_gets_what_it_can_do()
    {
        Service service = Service(new Dictionary<string, string> { ["enable-health-monitor"] = "true", ["flavor-id"] = "f" },
            """{"externalTrafficPolicy": "Local", "healthCheckNodePort": 32000, "loadBalancerSourceRanges": ["10.9.0.0/16"]}""");

        LoadBalancing.DesiredLoadBalancer desired = Build(service, Ovn);

        desired.Build.ShouldBe(LoadBalancing.BuildMode.PopulatedWithoutMonitors);
        desired.FlavorId.ShouldBeNull();
        LoadBalancing.DesiredListener listener = desired.Listeners[0];
        listener.AllowedCidrs.ShouldBeNull();
        listener.Timeouts.ShouldBeNull();
        listener.Pool.Algorithm.ShouldBe("SOURCE_IP_PORT");
        listener.Pool.Monitor!.Type.ShouldBe("TCP");
        listener.Pool.Members.First().MonitorPort.ShouldBeNull();
        desired.SecurityGroup!.Rules.Select(r => r.ToString()).ShouldBe(["tcp 32000 from 10.0.0.0/24", "tcp 30080 from 10.9.0.0/16"]);
    }

    [Fact]
    public void Managed_security_groups_let_in_the_members_subnet_as_amphorae_hide_clients()
        => Build(Service(), Amphora, new LoadBalancerOptions { ManageSecurityGroups = true }).SecurityGroup!.Rules.Single().ToString().ShouldBe("tcp 30080 from 10.0.0.0/24");

    [Fact]
    public void Restricted_sources_of_the_other_family_let_nobody_in_instead_of_everybody()
        => Build(Service(spec: """{"loadBalancerSourceRanges": ["2001:db8::/32"]}"""), Amphora).Listeners[0].AllowedCidrs!.Value.ShouldBe(["127.0.0.1/32"]);

    [Fact]
    public void A_given_address_is_the_vip_of_internal_and_ipv6_services_and_else_the_floating_ip()
    {
        const string spec = """{"loadBalancerIP": "10.0.0.77"}""";
        LoadBalancing.DesiredLoadBalancer external = Build(Service(spec: spec), Amphora);
        external.Vip.Address.ShouldBeNull();
        external.FloatingIp!.Address.ShouldBe("10.0.0.77");
        LoadBalancing.DesiredLoadBalancer inner = Build(Service(new Dictionary<string, string> { [ServiceAnnotations.Internal] = "true" }, spec), Amphora);
        inner.Vip.Address.ShouldBe("10.0.0.77");
        inner.FloatingIp.ShouldBeNull();
        LoadBalancing.DesiredLoadBalancer six = Build(Service(spec: """{"loadBalancerIP": "2001:db8::5", "ipFamilies": ["IPv6"]}"""), Amphora);
        six.Vip.Address.ShouldBe("2001:db8::5");
        six.FloatingIp!.Address.ShouldBeNull();
    }

    [Theory]
    [InlineData("none", "203.0.113.5", null, "VIP")]
    [InlineData("hostname", null, "www.example.org", null)]
    [InlineData("proxy", "203.0.113.5", null, "Proxy")]
    [InlineData("proxy+suffix", null, "203.0.113.5.nip.io", null)]
    public void The_status_is_as_the_peer_publishes_it(string what, string? ip, string? hostname, string? mode)
    {
        var annotations = new Dictionary<string, string>();
        if (what == "hostname") annotations["hostname"] = "www.example.org";
        if (what.StartsWith("proxy", StringComparison.Ordinal)) annotations["proxy-protocol"] = "true";
        var options = new LoadBalancerOptions { EnableIngressHostname = what == "proxy+suffix" };

        LoadBalancerIngress ingress = ServiceStatuses.Of(Parse(Service(annotations), options), options, new("lb", "203.0.113.5", [])).Ingress.Single();

        (ingress.Ip, ingress.Hostname, ingress.IpMode).ShouldBe((ip, hostname, mode));
    }

    private static LoadBalancerSettings Parse(Service service, LoadBalancerOptions? options = null)
    {
        LoadBalancerSettings? settings = LoadBalancerSettingsParser.Parse(service, options ?? new LoadBalancerOptions(), out ImmutableArray<Problem> problems);
        problems.ShouldBeEmpty();
        return settings.ShouldNotBeNull();
    }

    private static LoadBalancing.DesiredLoadBalancer Build(Service service, LoadBalancerPlacement placement, LoadBalancerOptions? options = null)
        => DesiredLoadBalancerBuilder.Build(Parse(service, options), placement, options ?? new LoadBalancerOptions(), "kubernetes", null,
            new LoadBalancing.MemberTargets([new("node-1", "10.0.0.1", "subnet"), new("node-2", "10.0.0.2", "subnet")]), []);
}
