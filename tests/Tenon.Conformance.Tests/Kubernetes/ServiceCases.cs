using System.Net;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>Services: what is given out and what is refused. The cloud controller reads every one of these fields.</summary>
[Stated("Service", Pages.Services)]
public sealed class ServiceCases(Clusters clusters)
{
    [Theory(Timeout = 120_000), Clusters]
    [Stated("Service: Defining a Service", Pages.Services + "#defining-a-service")]
    public async Task A_service_gets_its_defaults_and_an_address(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await scratch.MakeAsync(scratch.Path("services"), """{"apiVersion":"v1","kind":"Service","metadata":{"name":"one"},"spec":{"ports":[{"port":80}]}}""");
        made["spec/type"].ShouldBe("ClusterIP");
        made["spec/sessionAffinity"].ShouldBe("None");
        made["spec/internalTrafficPolicy"].ShouldBe("Cluster");
        made["spec/ipFamilyPolicy"].ShouldBe("SingleStack");
        made.At("spec/ipFamilies")!.AsArray().Count.ShouldBe(1);
        IPAddress.TryParse(made["spec/clusterIP"], out _).ShouldBeTrue();
        made["spec/clusterIPs/0"].ShouldBe(made["spec/clusterIP"]);
        made["spec/ports/0/protocol"].ShouldBe("TCP");
        made["spec/ports/0/targetPort"].ShouldBe("80");
        made.At("spec")!.AsObject().Select(p => p.Key).Order().ShouldBe(
            ["clusterIP", "clusterIPs", "internalTrafficPolicy", "ipFamilies", "ipFamilyPolicy", "ports", "sessionAffinity", "type"]);
        made.At("status")!.ToJsonString().ShouldBe("""{"loadBalancer":{}}""");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Service: Type LoadBalancer", Pages.Services + "#loadbalancer")]
    public async Task A_load_balancer_gets_node_ports_and_its_own_defaults(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await scratch.MakeAsync(scratch.Path("services"), Balanced("one"));
        made["spec/allocateLoadBalancerNodePorts"].ShouldBe("true");
        made["spec/externalTrafficPolicy"].ShouldBe("Cluster");
        int.Parse(made["spec/ports/0/nodePort"]!).ShouldBeInRange(30000, 32767);
        made.Has("spec", "healthCheckNodePort").ShouldBeFalse();
        made.Has("spec", "loadBalancerClass").ShouldBeFalse();
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Service: Disabling load balancer NodePort allocation", Pages.Services + "#load-balancer-nodeport-allocation")]
    [Believed("a node port that a patch removes is given back")]
    public async Task A_load_balancer_can_do_without_node_ports_but_keeps_those_it_has(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await scratch.MakeAsync(scratch.Path("services"), Balanced("one", """ "allocateLoadBalancerNodePorts":false, """));
        made.Has("spec/ports/0", "nodePort").ShouldBeFalse();
        await scratch.MakeAsync(scratch.Path("services"), Balanced("two"));
        Answer off = await scratch.Admin.PatchAsync(scratch.Path("services", "two"), """{"spec":{"allocateLoadBalancerNodePorts":false}}""");
        off.ShouldBe(200).Has("spec/ports/0", "nodePort").ShouldBeTrue("what is allocated stays until it is taken away");
        Answer cleared = await scratch.Admin.PatchAsync(scratch.Path("services", "two"), """[{"op":"remove","path":"/spec/ports/0/nodePort"}]""", KubeWire.JsonPatch);
        cleared.ShouldBe(200)["spec/ports/0/nodePort"].ShouldBe(off["spec/ports/0/nodePort"], "what an update leaves out is taken over from before");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Service: Type LoadBalancer; type changes", Pages.Services + "#loadbalancer")]
    public async Task A_change_to_ClusterIP_gives_back_what_the_balancer_needed(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await scratch.MakeAsync(scratch.Path("services"), Balanced("one", """ "externalTrafficPolicy":"Local", """));
        string port = made["spec/ports/0/nodePort"]!;
        int.Parse(made["spec/healthCheckNodePort"]!).ShouldBeInRange(30000, 32767);
        Answer changed = (await scratch.Admin.PatchAsync(scratch.Path("services", "one"), """{"spec":{"type":"ClusterIP","externalTrafficPolicy":null}}""")).ShouldBe(200);
        changed["spec/clusterIP"].ShouldBe(made["spec/clusterIP"]);
        changed.Has("spec/ports/0", "nodePort").ShouldBeFalse();
        changed.Has("spec", "healthCheckNodePort").ShouldBeFalse();
        changed.Has("spec", "externalTrafficPolicy").ShouldBeFalse();
        changed.Has("spec", "allocateLoadBalancerNodePorts").ShouldBeFalse();
        Answer again = await scratch.MakeAsync(scratch.Path("services"), Balanced("two", "", $",\"nodePort\":{port}"));
        again["spec/ports/0/nodePort"].ShouldBe(port, "it is free again");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Service: Type LoadBalancer; type changes, status", Pages.Services + "#loadbalancer")]
    public async Task A_change_away_from_LoadBalancer_leaves_the_status_to_the_controller(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.MakeAsync(scratch.Path("services"), Balanced("one"));
        await scratch.Admin.PatchAsync(scratch.Path("services", "one/status"), """{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}""");
        Answer changed = (await scratch.Admin.PatchAsync(scratch.Path("services", "one"), """{"spec":{"type":"ClusterIP"}}""")).ShouldBe(200);
        changed["status/loadBalancer/ingress"].ShouldBeNull("the server drops the status of a balancer with its type");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Service: Choosing your own port", Pages.Services + "#nodeport-custom-port")]
    public async Task A_node_port_is_given_once_and_from_the_range(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await scratch.MakeAsync(scratch.Path("services"), Balanced("one"));
        string port = made["spec/ports/0/nodePort"]!;
        Answer taken = await scratch.Admin.PostAsync(scratch.Path("services"), Balanced("two", "", $",\"nodePort\":{port}"));
        taken.ShouldBe(422)["message"].ShouldBe($"Service \"two\" is invalid: spec.ports[0].nodePort: Invalid value: {port}: provided port is already allocated");
        Answer outside = await scratch.Admin.PostAsync(scratch.Path("services"), Balanced("two", "", ",\"nodePort\":80"));
        outside.ShouldBe(422)["message"].ShouldBe(
            "Service \"two\" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767");
        await scratch.Admin.DeleteAsync(scratch.Path("services", "one"));
        await scratch.MakeAsync(scratch.Path("services"), Balanced("two", "", $",\"nodePort\":{port}"));
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Service: Choosing your own IP address", Pages.Services + "#choosing-your-own-ip-address")]
    public async Task A_cluster_address_is_given_once_from_the_range_and_for_good(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await scratch.MakeAsync(scratch.Path("services"), Plain("one"));
        string address = made["spec/clusterIP"]!;
        Answer taken = await scratch.Admin.PostAsync(scratch.Path("services"), Plain("two", $"\"clusterIP\":\"{address}\","));
        taken.ShouldBe(422)["message"].ShouldBe(
            $"Service \"two\" is invalid: spec.clusterIPs: Invalid value: []string{{\"{address}\"}}: failed to allocate IP {address}: provided IP is already allocated");
        Answer outside = await scratch.Admin.PostAsync(scratch.Path("services"), Plain("two", "\"clusterIP\":\"192.0.2.77\","));
        outside.ShouldBe(422)["message"]!.ShouldContain("failed to allocate IP 192.0.2.77: ");
        outside["message"]!.ShouldContain("the provided IP (192.0.2.77) is not in the valid range. The range of valid IPs is ");
        Answer moved = await scratch.Admin.PatchAsync(scratch.Path("services", "one"), """{"spec":{"clusterIP":"None","clusterIPs":["None"]}}""");
        moved.ShouldBe(422)["message"]!.ShouldContain("spec.clusterIPs[0]: Invalid value: []string{\"None\"}: may not change once set");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Service: Headless Services", Pages.Services + "#headless-services")]
    public async Task A_headless_service_and_an_external_name_have_no_address(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer headless = await scratch.MakeAsync(scratch.Path("services"), Plain("one", """ "clusterIP":"None","selector":{"a":"b"}, """));
        headless.At("spec/clusterIPs")!.ToJsonString().ShouldBe("""["None"]""");
        Answer external = await scratch.MakeAsync(
            scratch.Path("services"), """{"apiVersion":"v1","kind":"Service","metadata":{"name":"two"},"spec":{"type":"ExternalName","externalName":"example.com"}}""");
        external.Has("spec", "clusterIP").ShouldBeFalse();
        external.Has("spec", "ipFamilies").ShouldBeFalse();
        Answer nameless = await scratch.Admin.PostAsync(scratch.Path("services"), """{"apiVersion":"v1","kind":"Service","metadata":{"name":"x"},"spec":{"type":"ExternalName"}}""");
        nameless.ShouldBe(422)["details/causes/0/field"].ShouldBe("spec.externalName");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Service: load balancer class", Pages.Services + "#load-balancer-class")]
    public async Task The_class_of_a_balancer_is_chosen_once(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.MakeAsync(scratch.Path("services"), Balanced("one", """ "loadBalancerClass":"example.com/a", """));
        string path = scratch.Path("services", "one");
        Answer changed = await scratch.Admin.PatchAsync(path, """{"spec":{"loadBalancerClass":"example.com/b"}}""");
        changed.ShouldBe(422)["message"].ShouldBe(
            "Service \"one\" is invalid: spec.loadBalancerClass: Invalid value: \"example.com/b\": may not change once set");
        Answer plain = await scratch.Admin.PatchAsync(path, """{"spec":{"type":"ClusterIP"}}""");
        plain.ShouldBe(200).Has("spec", "loadBalancerClass").ShouldBeFalse();
        Answer wrong = await scratch.Admin.PostAsync(scratch.Path("services"), Plain("two", """ "loadBalancerClass":"example.com/a", """));
        wrong.ShouldBe(422)["message"].ShouldBe(
            "Service \"two\" is invalid: spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Virtual IPs and Service Proxies: Session affinity", "https://kubernetes.io/docs/reference/networking/virtual-ips/#session-affinity")]
    public async Task Affinity_to_the_client_lasts_three_hours_unless_said(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await scratch.MakeAsync(scratch.Path("services"), Plain("one", """ "sessionAffinity":"ClientIP", """));
        made["spec/sessionAffinityConfig/clientIP/timeoutSeconds"].ShouldBe("10800");
        Answer bad = await scratch.Admin.PostAsync(scratch.Path("services"), Plain("two", """ "sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":0}}, """));
        bad.ShouldBe(422)["details/causes/0/field"].ShouldBe("spec.sessionAffinityConfig.clientIP.timeoutSeconds");
        Answer off = await scratch.Admin.PatchAsync(scratch.Path("services", "one"), """{"spec":{"sessionAffinity":"None","sessionAffinityConfig":null}}""");
        off.ShouldBe(200).Has("spec", "sessionAffinityConfig").ShouldBeFalse();
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Service: Multi-port Services", Pages.Services + "#multi-port-services")]
    public async Task Ports_of_many_have_names_and_are_told_apart(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer nameless = await Try(scratch, """{"port":80},{"port":81}""");
        nameless.List("details/causes").Select(c => c["field"]!.ToString()).ShouldBe(["spec.ports[0].name", "spec.ports[1].name"]);
        Answer twice = await Try(scratch, """{"name":"a","port":80},{"name":"b","port":80}""");
        twice["message"]!.ShouldContain("spec.ports[1]: Duplicate value: ");
        Answer same = await Try(scratch, """{"name":"a","port":80},{"name":"a","port":81}""");
        same["message"].ShouldBe("Service \"one\" is invalid: spec.ports[1].name: Duplicate value: \"a\"");
        Answer none = await scratch.Admin.PostAsync(scratch.Path("services"), """{"apiVersion":"v1","kind":"Service","metadata":{"name":"one"},"spec":{"ports":[]}}""");
        none.ShouldBe(422)["message"].ShouldBe("Service \"one\" is invalid: spec.ports: Required value");
        Answer both = await scratch.MakeAsync(scratch.Path("services"), """
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"dns"},"spec":{"type":"NodePort","ports":[{"name":"t","port":53,"nodePort":0},{"name":"u","port":53,"protocol":"UDP"}]}}
            """);
        both.List("spec/ports").Count.ShouldBe(2);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Service: source ranges, external IPs", Pages.Services + "#loadbalancer")]
    public async Task Source_ranges_and_external_addresses_are_checked(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await scratch.MakeAsync(scratch.Path("services"), Balanced("one", """ "loadBalancerSourceRanges":["192.0.2.0/24","2001:db8::/32"],"loadBalancerIP":"192.0.2.9","externalIPs":["192.0.2.7"], """));
        made["spec/loadBalancerIP"].ShouldBe("192.0.2.9");
        Answer range = await scratch.Admin.PostAsync(scratch.Path("services"), Balanced("two", """ "loadBalancerSourceRanges":["192.0.2.0"], """));
        range.ShouldBe(422)["details/causes/0/field"]!.ShouldStartWith("spec.");
        Answer plain = await scratch.Admin.PostAsync(scratch.Path("services"), Plain("two", """ "loadBalancerSourceRanges":["192.0.2.0/24"], """));
        plain.ShouldBe(422)["message"]!.ShouldContain("may only be used when `type` is 'LoadBalancer'");
        Answer external = await scratch.Admin.PostAsync(scratch.Path("services"), Plain("two", """ "externalIPs":["127.0.0.1"], """));
        external.ShouldBe(422)["details/causes/0/field"].ShouldBe("spec.externalIPs[0]");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Service: names", Pages.Names + "#dns-label-names")]
    public async Task A_service_is_named_by_a_label_that_begins_with_a_letter(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        foreach (string name in new[] { "a.b", new string('a', 64) })
        {
            Answer answer = await scratch.Admin.PostAsync(scratch.Path("services"), Plain(name));
            answer.ShouldBe(422)["details/causes/0/field"].ShouldBe("metadata.name", name);
        }
    }

    private static async Task<Answer> Try(KubeScratch scratch, string ports)
        => (await scratch.Admin.PostAsync(scratch.Path("services"), $$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"one"},"spec":{"ports":[{{{ports}}}]}}""")).ShouldBe(422);

    private static string Plain(string name, string spec = "")
        => $$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"{{{name}}}"},"spec":{{{{spec}}} "ports":[{"port":80}]}}""";

    private static string Balanced(string name, string spec = "", string port = "")
        => $$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"{{{name}}}"},"spec":{"type":"LoadBalancer",{{{spec}}} "ports":[{"port":80{{{port}}}}]}}""";
}
