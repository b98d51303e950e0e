using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>EndpointSlices: what the server checks of them, and what the controller makes of Services and pods.</summary>
[Stated("EndpointSlices", Pages.EndpointSlices)]
public sealed class EndpointSliceCases(Clusters clusters)
{
    [Theory(Timeout = 120_000), Clusters]
    public async Task An_empty_slice_shows_null_lists(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await scratch.MakeAsync(
            scratch.Path("discovery.k8s.io/v1/endpointslices"), """{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"one"},"addressType":"IPv4","endpoints":[]}""");
        made.Has("", "endpoints").ShouldBeTrue();
        made.At("endpoints").ShouldBeNull();
        made.Has("", "ports").ShouldBeTrue();
        made.At("ports").ShouldBeNull();
        made["metadata/generation"].ShouldBe("1");
    }

    [Theory(Timeout = 120_000), Clusters]
    public async Task A_slice_keeps_what_is_known_of_its_endpoints_and_defaults_its_ports(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await scratch.MakeAsync(scratch.Path("discovery.k8s.io/v1/endpointslices"), """
            {"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"one","labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4",
             "endpoints":[{"addresses":["192.0.2.1"],"conditions":{"ready":true,"serving":true,"terminating":false},"nodeName":"n1","zone":"z1","hostname":"a"}],"ports":[{"port":80}]}
            """);
        made["endpoints/0/conditions/terminating"].ShouldBe("false", "false is not the same as unknown");
        made["endpoints/0/zone"].ShouldBe("z1");
        made["ports/0/name"].ShouldBe("");
        made["ports/0/protocol"].ShouldBe("TCP");
        Answer type = await scratch.Admin.PatchAsync(scratch.Path("discovery.k8s.io/v1/endpointslices", "one"), """{"addressType":"IPv6"}""");
        type.ShouldBe(422)["message"]!.ShouldContain("addressType: Invalid value: \"IPv6\": field is immutable");
        Answer empty = await scratch.Admin.PatchAsync(scratch.Path("discovery.k8s.io/v1/endpointslices", "one"), """{"endpoints":[{"addresses":[]}]}""");
        empty.ShouldBe(422)["details/causes/0/field"].ShouldBe("endpoints[0].addresses");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("EndpointSlices: Management, Ownership, Conditions", Pages.EndpointSlices + "#management")]
    public async Task A_service_gets_slices_of_its_pods(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.AccountAsync();
        Answer service = await scratch.MakeAsync(scratch.Path("services"),
            """{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ipFamilies":["IPv4"],"ports":[{"name":"http","port":80,"targetPort":8080}]}}""");
        await scratch.MakeAsync(KubeScratch.Wide("nodes"), $$"""{"apiVersion":"v1","kind":"Node","metadata":{"name":"{{scratch.Space}}"} }""");
        await scratch.MakeAsync(scratch.Path("pods"), PodCases.Pod("one", """ "labels":{"app":"web"} """, $"\"nodeName\":\"{scratch.Space}\","));
        string pods = scratch.Path("pods", "one/status");
        (await scratch.Admin.PatchAsync(pods, """
            {"status":{"phase":"Running","podIP":"192.0.2.9","podIPs":[{"ip":"192.0.2.9"}],"conditions":[{"type":"Ready","status":"True"}]}}
            """)).ShouldBe(200);
        Answer slices = await scratch.UntilAsync(
            scratch.Path("discovery.k8s.io/v1/endpointslices", "?labelSelector=kubernetes.io/service-name%3Dweb"), a => a.Text.Contains("192.0.2.9"), "published");
        JsonObject slice = slices.List("items").Single();
        slice["metadata"]!["labels"]!["endpointslice.kubernetes.io/managed-by"]!.ToString().ShouldBe("endpointslice-controller.k8s.io");
        slice["metadata"]!["generateName"]!.ToString().ShouldBe("web-");
        slice["metadata"]!["ownerReferences"]![0]!["uid"]!.ToString().ShouldBe(service["metadata/uid"]);
        slice["ports"]![0]!["port"]!.GetValue<int>().ShouldBe(8080);
        slice["endpoints"]![0]!["conditions"]!.ToJsonString().ShouldBe("""{"ready":true,"serving":true,"terminating":false}""");
        slice["endpoints"]![0]!["targetRef"]!["name"]!.ToString().ShouldBe("one");
        (await scratch.Admin.PatchAsync(pods, """{"status":{"conditions":[{"type":"Ready","status":"False"}]}}""", KubeWire.Strategic)).ShouldBe(200);
        await scratch.UntilAsync(
            scratch.Path("discovery.k8s.io/v1/endpointslices", "?labelSelector=kubernetes.io/service-name%3Dweb"),
            a => a["items/0/endpoints/0/conditions/ready"] == "false", "told as not ready");
        (await scratch.Admin.DeleteAsync(scratch.Path("pods", "one"), """{"gracePeriodSeconds":0}""")).ShouldBe(200);
        await scratch.Admin.DeleteAsync(scratch.Path("services", "web"));
        await scratch.UntilAsync(
            scratch.Path("discovery.k8s.io/v1/endpointslices", "?labelSelector=kubernetes.io/service-name%3Dweb"), a => a.List("items").Count == 0, "gone with the Service");
    }
}
