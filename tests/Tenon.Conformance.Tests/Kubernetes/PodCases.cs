using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>Pods, as far as no kubelet is needed: cases give them a scheduler that nobody is.</summary>
[Stated("Pod Lifecycle", Pages.Pods)]
public sealed class PodCases(Clusters clusters)
{
    [Theory(Timeout = 120_000), Clusters]
    [Stated("Pod Lifecycle: Pod phase", Pages.Pods + "#pod-phase")]
    public async Task A_pod_is_pending_and_gets_its_defaults(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.AccountAsync();
        Answer made = await scratch.MakeAsync(scratch.Path("pods"), Pod("one"));
        made["status/phase"].ShouldBe("Pending");
        made["status/qosClass"].ShouldBe("BestEffort");
        made["spec/serviceAccountName"].ShouldBe("default");
        made["spec/restartPolicy"].ShouldBe("Always");
        made["spec/dnsPolicy"].ShouldBe("ClusterFirst");
        made["spec/terminationGracePeriodSeconds"].ShouldBe("30");
        made["spec/enableServiceLinks"].ShouldBe("true");
        made["spec/preemptionPolicy"].ShouldBe("PreemptLowerPriority");
        made["spec/priority"].ShouldBe("0");
        made.List("spec/tolerations").Select(t => $"{t["key"]}:{t["tolerationSeconds"]}").ShouldBe(["node.kubernetes.io/not-ready:300", "node.kubernetes.io/unreachable:300"]);
        made["spec/containers/0/imagePullPolicy"].ShouldBe("IfNotPresent");
        made["spec/volumes/0/name"]!.ShouldStartWith("kube-api-access-");
        made["spec/containers/0/volumeMounts/0/mountPath"].ShouldBe("/var/run/secrets/kubernetes.io/serviceaccount");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Configure Service Accounts: the account has to exist", Pages.ServiceAccounts)]
    public async Task A_pod_of_an_unknown_account_is_forbidden(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer answer = await scratch.Admin.PostAsync(scratch.Path("pods"), Pod("one", spec: """ "serviceAccountName":"none", """));
        answer.ShouldBe(403)["message"].ShouldBe($"pods \"one\" is forbidden: error looking up service account {scratch.Space}/none: serviceaccount \"none\" not found");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Scheduler: Binding", "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/binding-v1/")]
    public async Task A_pod_is_bound_once(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.AccountAsync();
        await scratch.MakeAsync(scratch.Path("pods"), Pod("one"));
        string path = scratch.Path("pods", "one");
        Answer bound = await scratch.Admin.PostAsync(path + "/binding", Binding("one", "node-x"));
        bound.ShouldBe(201)["status"].ShouldBe("Success");
        Answer pod = (await scratch.Admin.GetAsync(path)).ShouldBe(200);
        pod["spec/nodeName"].ShouldBe("node-x");
        pod.List("status/conditions").Select(c => $"{c["type"]}={c["status"]}").ShouldContain("PodScheduled=True");
        Answer again = await scratch.Admin.PostAsync(path + "/binding", Binding("one", "node-y"));
        again.ShouldBe(409)["message"].ShouldBe("Operation cannot be fulfilled on pods/binding \"one\": pod one is already assigned to node \"node-x\"");
        Answer moved = await scratch.Admin.PatchAsync(path, """{"spec":{"nodeName":"node-y"}}""");
        moved.ShouldBe(422)["message"]!.ShouldContain("spec: Forbidden: pod updates may not change fields other than");
        Answer list = await scratch.Admin.GetAsync(scratch.Path("pods", "?fieldSelector=spec.nodeName%3Dnode-x"));
        list.ShouldBe(200).List("items").Count.ShouldBe(1);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Pod Lifecycle: Termination of Pods", Pages.Pods + "#pod-termination")]
    public async Task A_pod_on_a_node_goes_when_its_kubelet_says_so_and_an_unbound_one_at_once(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.AccountAsync();
        await scratch.MakeAsync(scratch.Path("pods"), Pod("free"));
        await scratch.MakeAsync(scratch.Path("pods"), Pod("bound", spec: """ "nodeName":"node-x", """));
        (await scratch.Admin.DeleteAsync(scratch.Path("pods", "free"))).ShouldBe(200)["kind"].ShouldBe("Pod");
        (await scratch.Admin.GetAsync(scratch.Path("pods", "free"))).ShouldBe(404);
        Answer deleted = (await scratch.Admin.DeleteAsync(scratch.Path("pods", "bound"))).ShouldBe(200);
        deleted["metadata/deletionGracePeriodSeconds"].ShouldBe("30");
        Answer leaving = (await scratch.Admin.GetAsync(scratch.Path("pods", "bound"))).ShouldBe(200);
        DateTimeOffset.Parse(leaving["metadata/deletionTimestamp"]!).ShouldBeGreaterThan(TimeProvider.System.GetUtcNow().AddSeconds(10), "it is the time when it shall be gone");
        (await scratch.Admin.DeleteAsync(scratch.Path("pods", "bound"), """{"gracePeriodSeconds":0}""")).ShouldBe(200);
        (await scratch.Admin.GetAsync(scratch.Path("pods", "bound"))).ShouldBe(404);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API-initiated Eviction", Pages.Eviction + "#how-api-initiated-eviction-works")]
    public async Task An_eviction_respects_a_disruption_budget(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.AccountAsync();
        const string Eviction = """{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"one"}}""";
        await scratch.MakeAsync(scratch.Path("policy/v1/poddisruptionbudgets"),
            """{"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"budget"},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"web"}}}}""");
        await scratch.MakeAsync(scratch.Path("pods"), Pod("one", """ "labels":{"app":"web"} """, """ "nodeName":"node-x", """));
        (await scratch.Admin.PatchAsync(
            scratch.Path("pods", "one/status"), """{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}""", KubeWire.Strategic)).ShouldBe(200);
        Answer refused = await scratch.Admin.PostAsync(scratch.Path("pods", "one/eviction"), Eviction);
        refused.ShouldBe(429)["reason"].ShouldBe("TooManyRequests");
        refused["message"].ShouldBe("Cannot evict pod as it would violate the pod's disruption budget.");
        refused["details/causes/0/reason"].ShouldBe("DisruptionBudget");
        await scratch.Admin.DeleteAsync(scratch.Path("policy/v1/poddisruptionbudgets", "budget"));
        Answer evicted = await KubeScratch.UntilAsync(
            () => scratch.Admin.PostAsync(scratch.Path("pods", "one/eviction"), Eviction), a => a.Status != 429, "allowed");
        evicted.ShouldBe(201)["status"].ShouldBe("Success");
        (await scratch.Admin.GetAsync(scratch.Path("pods", "one"))).ShouldBe(200)["metadata/deletionTimestamp"].ShouldNotBeNull();
    }

    internal static string Pod(string name, string metadata = "", string spec = "") => $$$"""
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{name}}}"{{{(metadata.Length > 0 ? "," + metadata : "")}}}},
         "spec":{"schedulerName":"nobody",{{{spec}}}"containers":[{"name":"main","image":"example.com/image:1"}]} }
        """;

    private static string Binding(string pod, string node)
        => $$"""{"apiVersion":"v1","kind":"Binding","metadata":{"name":"{{pod}}"},"target":{"apiVersion":"v1","kind":"Node","name":"{{node}}"} }""";
}
