using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>The status of balancers, traffic policies, and address families.</summary>
public sealed class ServiceStatusCases(Clusters clusters)
{
    [Theory(Timeout = 120_000), Clusters]
    [Stated("Service: Type LoadBalancer, status.loadBalancer", Pages.Services + "#loadbalancer")]
    public async Task Addresses_and_host_names_are_published(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await MakeAsync(scratch);
        Answer set = await StatusAsync(scratch, """{"ip":"192.0.2.1","ports":[{"port":80,"protocol":"TCP"}]},{"hostname":"lb.example.com"},{"ip":"2001:db8::1"}""");
        set.ShouldBe(200).List("status/loadBalancer/ingress").Count.ShouldBe(3);
        set["status/loadBalancer/ingress/0/ports/0/port"].ShouldBe("80");
        Answer bad = await StatusAsync(scratch, """{"ip":"192.0.2.300"}""");
        bad.ShouldBe(422)["details/causes/0/field"].ShouldBe("status.loadBalancer.ingress[0].ip");
        Answer name = await StatusAsync(scratch, """{"hostname":"192.0.2.1"}""");
        name.ShouldBe(422)["details/causes/0/field"].ShouldBe("status.loadBalancer.ingress[0].hostname");
        Answer cleared = await scratch.Admin.PatchAsync(scratch.Path("services", "one/status"), """{"status":{"loadBalancer":null}}""");
        cleared.ShouldBe(200).At("status")!.ToJsonString().ShouldBe("""{"loadBalancer":{}}""");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("KEP-1860: Make Kubernetes aware of the LoadBalancer behaviour; Service, ipMode", Pages.Services + "#load-balancer-ip-mode")]
    public async Task The_mode_of_an_address_is_kept_and_defaulted(string side)
    {
        ClusterSide cluster = await clusters.GetAsync(side);
        cluster.Needs(30, "status.loadBalancer.ingress[].ipMode");
        await using KubeScratch scratch = await cluster.NewScratchAsync();
        await MakeAsync(scratch);
        Answer given = await StatusAsync(scratch, """{"ip":"192.0.2.1","ipMode":"Proxy"}""");
        given.ShouldBe(200)["status/loadBalancer/ingress/0/ipMode"].ShouldBe("Proxy");
        Answer none = await StatusAsync(scratch, """{"ip":"192.0.2.1"}""");
        none.ShouldBe(200)["status/loadBalancer/ingress/0/ipMode"].ShouldBe("VIP");
        Answer bad = await StatusAsync(scratch, """{"ip":"192.0.2.1","ipMode":"Odd"}""");
        bad.ShouldBe(422)["details/causes/0/field"].ShouldBe("status.loadBalancer.ingress[0].ipMode");
        Answer lone = await StatusAsync(scratch, """{"hostname":"lb.example.com","ipMode":"VIP"}""");
        lone.ShouldBe(422)["details/causes/0/field"].ShouldBe("status.loadBalancer.ingress[0].ipMode");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API conventions: unknown fields of newer clients are dropped", Pages.Conventions + "#unions")]
    public async Task A_server_that_does_not_know_the_mode_drops_it_and_says_so(string side)
    {
        ClusterSide cluster = await clusters.GetAsync(side);
        Assert.SkipUnless(cluster.Minor < 29, $"1.{cluster.Minor} knows status.loadBalancer.ingress[].ipMode");
        await using KubeScratch scratch = await cluster.NewScratchAsync();
        await MakeAsync(scratch);
        Answer given = await StatusAsync(scratch, """{"ip":"192.0.2.1","ipMode":"Proxy"}""");
        given.ShouldBe(200).Has("status/loadBalancer/ingress/0", "ipMode").ShouldBeFalse();
        given.Header("Warning").ShouldContain("unknown field");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Service: conditions of the status", Pages.Services)]
    public async Task Conditions_of_a_service_are_merged_by_type(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await MakeAsync(scratch);
        const string Condition = """{"type":"{0}","status":"True","reason":"Ready","message":"","lastTransitionTime":"2024-01-01T00:00:00Z"}""";
        foreach (string type in new[] { "A", "B" })
        {
            Answer answer = await scratch.Admin.PatchAsync(
                scratch.Path("services", "one/status"), """{"status":{"conditions":[""" + Condition.Replace("{0}", type) + "]}}", KubeWire.Strategic);
            answer.ShouldBe(200);
        }

        Answer read = await scratch.Admin.GetAsync(scratch.Path("services", "one"));
        read.List("status/conditions").Select(c => c["type"]!.ToString()).Order().ShouldBe(["A", "B"]);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Virtual IPs and Service Proxies: Traffic policies", "https://kubernetes.io/docs/reference/networking/virtual-ips/#traffic-policies")]
    public async Task A_local_policy_brings_a_health_check_port_that_stays(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await MakeAsync(scratch, """ "externalTrafficPolicy":"Local", """);
        string port = made["spec/healthCheckNodePort"]!;
        int.Parse(port).ShouldBeInRange(30000, 32767);
        string path = scratch.Path("services", "one");
        Answer moved = await scratch.Admin.PatchAsync(path, """{"spec":{"healthCheckNodePort":32111}}""");
        moved.ShouldBe(422)["message"]!.ShouldContain("spec.healthCheckNodePort: Forbidden: field is immutable");
        Answer wide = await scratch.Admin.PatchAsync(path, """{"spec":{"externalTrafficPolicy":"Cluster"}}""");
        wide.ShouldBe(200).Has("spec", "healthCheckNodePort").ShouldBeFalse();
        Answer odd = await scratch.Admin.PatchAsync(path, """{"spec":{"externalTrafficPolicy":"Odd"}}""");
        odd.ShouldBe(422)["details/causes/0/field"].ShouldBe("spec.externalTrafficPolicy");
        Answer plain = await scratch.Admin.PostAsync(
            scratch.Path("services"), """{"apiVersion":"v1","kind":"Service","metadata":{"name":"two"},"spec":{"externalTrafficPolicy":"Local","ports":[{"port":80}]}}""");
        plain.ShouldBe(422)["details/causes/0/field"].ShouldBe("spec.externalTrafficPolicy");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("IPv4/IPv6 dual-stack: Services", Pages.DualStack + "#services")]
    public async Task Families_are_given_as_the_policy_asks_and_the_cluster_has(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer preferred = await MakeAsync(scratch, """ "ipFamilyPolicy":"PreferDualStack", """);
        bool dual = preferred.At("spec/ipFamilies")!.AsArray().Count == 2;
        preferred.At("spec/clusterIPs")!.AsArray().Count.ShouldBe(dual ? 2 : 1);
        preferred["spec/ipFamilyPolicy"].ShouldBe("PreferDualStack");
        Answer required = await scratch.Admin.PostAsync(scratch.Path("services"),
            """{"apiVersion":"v1","kind":"Service","metadata":{"name":"two"},"spec":{"ipFamilyPolicy":"RequireDualStack","ports":[{"port":80}]}}""");
        if (!dual)
        {
            required.ShouldBe(422)["message"].ShouldBe(
                "Service \"two\" is invalid: spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not configured for dual-stack services");
            return;
        }

        required.ShouldBe(201).At("spec/ipFamilies")!.ToJsonString().ShouldBe(preferred.At("spec/ipFamilies")!.ToJsonString());
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("IPv4/IPv6 dual-stack: Switching Services between single-stack and dual-stack", Pages.DualStack + "#switching-services-between-single-stack-and-dual-stack")]
    public async Task A_service_takes_and_gives_back_its_second_family(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await MakeAsync(scratch, """ "ipFamilyPolicy":"PreferDualStack", """);
        Assert.SkipUnless(made.At("spec/ipFamilies")!.AsArray().Count == 2, "the cluster has one address family");
        string path = scratch.Path("services", "one");
        Answer single = await scratch.Admin.PatchAsync(path, """{"spec":{"ipFamilyPolicy":"SingleStack"}}""");
        single.ShouldBe(200).At("spec/ipFamilies")!.AsArray().Count.ShouldBe(1);
        single.At("spec/clusterIPs")!.ToJsonString().ShouldBe($"[\"{made["spec/clusterIP"]}\"]");
        Answer both = await scratch.Admin.PatchAsync(path, """{"spec":{"ipFamilyPolicy":"RequireDualStack"}}""");
        both.ShouldBe(200).At("spec/clusterIPs")!.AsArray().Count.ShouldBe(2);
        both["spec/clusterIP"].ShouldBe(made["spec/clusterIP"]);
        string second = made["spec/ipFamilies/1"]!;
        Answer primary = await scratch.Admin.PatchAsync(path, $$$"""{"spec":{"ipFamilies":["{{{second}}}"]}}""");
        primary.ShouldBe(422)["details/causes/0/field"].ShouldBe("spec.clusterIPs[0]", "an address goes with its family");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("IPv4/IPv6 dual-stack: Services, ipFamilies", Pages.DualStack + "#services")]
    public async Task One_family_may_be_chosen_among_those_that_the_cluster_has(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer six = await scratch.Admin.PostAsync(
            scratch.Path("services"), """{"apiVersion":"v1","kind":"Service","metadata":{"name":"six"},"spec":{"ipFamilies":["IPv6"],"ports":[{"port":80}]}}""");
        if (six.Status == 201)
        {
            six["spec/clusterIP"]!.ShouldContain(":");
            six["spec/ipFamilyPolicy"].ShouldBe("SingleStack");
        }
        else six.ShouldBe(422)["message"]!.ShouldContain("not configured on this cluster");
        Answer twice = await scratch.Admin.PostAsync(
            scratch.Path("services"), """{"apiVersion":"v1","kind":"Service","metadata":{"name":"x"},"spec":{"ipFamilies":["IPv4","IPv4"],"ports":[{"port":80}]}}""");
        twice.ShouldBe(422)["details/causes/0/field"]!.ShouldStartWith("spec.ipFamilies");
    }

    private static Task<Answer> MakeAsync(KubeScratch scratch, string spec = "") => scratch.MakeAsync(
        scratch.Path("services"), $$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"one"},"spec":{"type":"LoadBalancer",{{{spec}}}"ports":[{"port":80}]}}""");

    private static Task<Answer> StatusAsync(KubeScratch scratch, string ingress)
        => scratch.Admin.PatchAsync(scratch.Path("services", "one/status"), $$$"""{"status":{"loadBalancer":{"ingress":[{{{ingress}}}]} } }""");
}
