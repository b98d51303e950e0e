using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>Nodes, as the cloud controller and the node agent write them.</summary>
[Stated("Nodes", Pages.Nodes)]
public sealed class NodeCases(Clusters clusters)
{
    [Theory(Timeout = 120_000), Clusters]
    [Stated("Nodes: Management; a node is cluster-wide and has no generation", Pages.Nodes + "#management")]
    public async Task A_node_is_born_without_conditions_and_not_ready(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await MakeAsync(scratch);
        made.Has("metadata", "namespace").ShouldBeFalse();
        made.Has("metadata", "generation").ShouldBeFalse();
        made.Has("status", "conditions").ShouldBeFalse();
        made["spec/taints"].ShouldNotBeNull();
        made.List("spec/taints").Select(t => $"{t["key"]}:{t["effect"]}").ShouldContain("node.kubernetes.io/not-ready:NoSchedule");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Cloud Controller Manager: provider ID", "https://kubernetes.io/docs/concepts/architecture/cloud-controller/#node-controller")]
    public async Task A_provider_id_is_set_once(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await MakeAsync(scratch);
        string path = KubeScratch.Wide("nodes", scratch.Space);
        Answer set = await scratch.Admin.PatchAsync(path, """{"spec":{"providerID":"openstack:///one"}}""", KubeWire.Strategic);
        set.ShouldBe(200)["spec/providerID"].ShouldBe("openstack:///one");
        foreach (string patch in new[] { """{"spec":{"providerID":"openstack:///two"}}""", """{"spec":{"providerID":null}}""" })
        {
            Answer changed = await scratch.Admin.PatchAsync(path, patch, KubeWire.Strategic);
            changed.ShouldBe(422)["details/causes/0/field"].ShouldBe("spec.providerID", patch);
            changed["message"].ShouldBe($"Node \"{scratch.Space}\" is invalid: spec.providerID: Forbidden: node updates may not change providerID except from \"\" to valid");
        }
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Nodes: addressing, pod CIDRs", Pages.Nodes + "#node-controller")]
    public async Task Pod_ranges_are_set_once_and_mirrored(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await scratch.MakeAsync(
            KubeScratch.Wide("nodes"), $$$"""{"apiVersion":"v1","kind":"Node","metadata":{"name":"{{{scratch.Space}}}"},"spec":{"podCIDR":"10.250.0.0/24"}}""");
        made["spec/podCIDRs/0"].ShouldBe("10.250.0.0/24");
        string path = KubeScratch.Wide("nodes", scratch.Space);
        Answer changed = await scratch.Admin.PatchAsync(path, """{"spec":{"podCIDR":"10.251.0.0/24","podCIDRs":["10.251.0.0/24"]}}""", KubeWire.Merge);
        changed.ShouldBe(422)["message"].ShouldBe(
            $"Node \"{scratch.Space}\" is invalid: spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid");
        Answer two = await scratch.Admin.PostAsync(KubeScratch.Wide("nodes", "?dryRun=All"),
            $$$"""{"apiVersion":"v1","kind":"Node","metadata":{"name":"{{{scratch.Space}}}-b"},"spec":{"podCIDRs":["10.250.0.0/24","10.251.0.0/24"]}}""");
        two.ShouldBe(422)["details/causes/0/field"]!.ShouldStartWith("spec.podCIDRs");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Taints and Tolerations", "https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/")]
    public async Task Taints_are_told_apart_by_key_and_effect(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await MakeAsync(scratch);
        string path = KubeScratch.Wide("nodes", scratch.Space);
        const string Uninitialized = """{"key":"node.cloudprovider.kubernetes.io/uninitialized","value":"true","effect":"NoSchedule"}""";
        Answer set = await scratch.Admin.PatchAsync(path, $$$"""{"spec":{"taints":[{{{Uninitialized}}}]}}""");
        set.ShouldBe(200).List("spec/taints").Select(t => t["key"]!.ToString()).ShouldContain("node.cloudprovider.kubernetes.io/uninitialized");
        Answer twice = await scratch.Admin.PatchAsync(path, $$$"""{"spec":{"taints":[{{{Uninitialized}}},{{{Uninitialized.Replace("true", "false")}}}]}}""");
        twice.ShouldBe(422)["details/causes/0/reason"].ShouldBe("FieldValueDuplicate");
        Answer odd = await scratch.Admin.PatchAsync(path, """{"spec":{"taints":[{"key":"a","effect":"Odd"}]}}""");
        odd.ShouldBe(422)["details/causes/0/field"]!.ShouldStartWith("metadata.taints[0].effect");
        Answer none = await scratch.Admin.PatchAsync(path, """{"spec":{"taints":null}}""");
        none.ShouldBe(200);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Nodes: Node status, addresses", "https://kubernetes.io/docs/reference/node/node-status/#addresses")]
    public async Task Addresses_are_written_through_the_status_and_merge_by_their_type(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await MakeAsync(scratch);
        string path = KubeScratch.Wide("nodes", scratch.Space);
        Answer main = await scratch.Admin.PatchAsync(path, """{"status":{"addresses":[{"type":"InternalIP","address":"192.0.2.1"}]}}""", KubeWire.Strategic);
        main.ShouldBe(200).Has("status", "addresses").ShouldBeFalse();
        Answer set = await scratch.Admin.PatchAsync(
            path + "/status", """{"status":{"addresses":[{"type":"InternalIP","address":"192.0.2.1"},{"type":"Hostname","address":"a"}]}}""", KubeWire.Strategic);
        set.ShouldBe(200).List("status/addresses").Count.ShouldBe(2);
        Answer replaced = await scratch.Admin.PatchAsync(
            path + "/status", """{"status":{"$setElementOrder/addresses":[{"type":"InternalIP"}],"addresses":[{"$patch":"replace"},{"type":"InternalIP","address":"192.0.2.2"}]}}""", KubeWire.Strategic);
        replaced.ShouldBe(200).List("status/addresses").Single()["address"]!.ToString().ShouldBe("192.0.2.2");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Nodes: Manual Node administration", Pages.Nodes + "#manual-node-administration")]
    public async Task A_cordoned_node_gets_its_taint(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await MakeAsync(scratch);
        string path = KubeScratch.Wide("nodes", scratch.Space);
        (await scratch.Admin.PatchAsync(path, """{"spec":{"unschedulable":true}}""", KubeWire.Strategic)).ShouldBe(200);
        await scratch.UntilAsync(path, a => a["spec/taints"]?.Contains("node.kubernetes.io/unschedulable") == true, "tainted as unschedulable");
        Answer list = await scratch.Admin.GetAsync($"/api/v1/nodes?fieldSelector=spec.unschedulable%3Dtrue,metadata.name%3D{scratch.Space}");
        list.ShouldBe(200).List("items").Count.ShouldBe(1);
        (await scratch.Admin.PatchAsync(path, """{"spec":{"unschedulable":null}}""", KubeWire.Strategic)).ShouldBe(200);
        await scratch.UntilAsync(path, a => a["spec/taints"]?.Contains("node.kubernetes.io/unschedulable") != true, "clean");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Nodes: Node name uniqueness; deletion by UID", Pages.Nodes + "#node-name-uniqueness")]
    public async Task The_deletion_of_a_node_that_was_made_anew_conflicts(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer first = await MakeAsync(scratch);
        string path = KubeScratch.Wide("nodes", scratch.Space);
        (await scratch.Admin.DeleteAsync(path)).ShouldBe(200);
        await MakeAsync(scratch);
        Answer late = await scratch.Admin.DeleteAsync(path, $$$"""{"preconditions":{"uid":"{{{first["metadata/uid"]}}}"}}""");
        late.ShouldBe(409)["reason"].ShouldBe("Conflict");
        (await scratch.Admin.GetAsync(path)).ShouldBe(200);
    }

    private static Task<Answer> MakeAsync(KubeScratch scratch)
        => scratch.MakeAsync(KubeScratch.Wide("nodes"), $$$"""{"apiVersion":"v1","kind":"Node","metadata":{"name":"{{{scratch.Space}}}"}}""");
}
