using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>Namespaces: their birth, what is in them from the start, and their end.</summary>
[Stated("Namespaces", Pages.Namespaces)]
public sealed class NamespaceCases(Clusters clusters)
{
    [Theory(Timeout = 120_000), Clusters]
    [Stated("Namespaces: Automatic labelling", Pages.Namespaces + "#automatic-labelling")]
    public async Task A_namespace_is_labelled_with_its_name_and_active(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer space = (await scratch.Admin.GetAsync($"/api/v1/namespaces/{scratch.Space}")).ShouldBe(200);
        space.At("metadata/labels")!.AsObject()["kubernetes.io/metadata.name"]!.ToString().ShouldBe(scratch.Space);
        space["status/phase"].ShouldBe("Active");
        space["spec/finalizers/0"].ShouldBe("kubernetes");
        Answer list = await scratch.Admin.GetAsync($"/api/v1/namespaces?labelSelector=kubernetes.io/metadata.name%3D{scratch.Space}");
        list.ShouldBe(200).List("items").Count.ShouldBe(1);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Service Accounts: ServiceAccount controller; root CA", Pages.ServiceAccounts)]
    public async Task A_namespace_gets_a_service_account_and_the_authority(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.AccountAsync();
        Answer authority = await scratch.UntilAsync(scratch.Path("configmaps", "kube-root-ca.crt"), a => a.Status == 200, "there: the authority");
        authority.At("data")!.AsObject()["ca.crt"]!.ToString().ShouldStartWith("-----BEGIN CERTIFICATE-----");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Namespaces: Walkthrough, deletion is finished when all content is gone", "https://kubernetes.io/docs/tasks/administer-cluster/namespaces/#deleting-a-namespace")]
    public async Task A_namespace_that_ends_takes_its_content_along_and_waits_for_finalizers(string side)
    {
        ClusterSide cluster = await clusters.GetAsync(side);
        await using KubeScratch scratch = await cluster.NewScratchAsync();
        string path = $"/api/v1/namespaces/{scratch.Space}";
        await scratch.ConfigMapAsync("free");
        await scratch.ConfigMapAsync("held", metadata: """ "finalizers":["tenon.example.com/keep"] """);
        Answer deleted = (await scratch.Admin.DeleteAsync(path)).ShouldBe(200);
        deleted["kind"].ShouldBe("Namespace");
        deleted["status/phase"].ShouldBe("Terminating");
        await scratch.UntilAsync(scratch.Path("configmaps", "free"), a => a.Status == 404, "gone");
        Answer waiting = await scratch.UntilAsync(path, a => a["status/conditions"]?.Contains("NamespaceFinalizersRemaining") == true, "told what it waits for");
        Dictionary<string, string> conditions = waiting.List("status/conditions").ToDictionary(c => c["type"]!.ToString(), c => c["status"]!.ToString());
        conditions["NamespaceFinalizersRemaining"].ShouldBe("True");
        conditions["NamespaceContentRemaining"].ShouldBe("True");
        conditions["NamespaceDeletionDiscoveryFailure"].ShouldBe("False");
        conditions["NamespaceDeletionContentFailure"].ShouldBe("False");
        Answer late = await scratch.Admin.PostAsync(scratch.Path("configmaps"), """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"late"}}""");
        late.ShouldBe(403)["reason"].ShouldBe("Forbidden");
        late["message"].ShouldBe($"configmaps \"late\" is forbidden: unable to create new content in namespace {scratch.Space} because it is being terminated");
        late["details/causes/0/reason"].ShouldBe("NamespaceTerminating");
        late["details/causes/0/field"].ShouldBe("metadata.namespace");
        (await scratch.Admin.PatchAsync(scratch.Path("configmaps", "held"), """{"metadata":{"finalizers":null}}""")).ShouldBe(200);
        await scratch.UntilAsync(path, a => a.Status == 404, "gone");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Namespaces: Working with Namespaces", Pages.Namespaces)]
    public async Task Nothing_is_made_in_a_namespace_that_is_not_there(string side)
    {
        ClusterSide cluster = await clusters.GetAsync(side);
        Answer answer = await cluster.Admin.PostAsync("/api/v1/namespaces/none-such-here/configmaps", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}""");
        answer.ShouldBe(404)["message"].ShouldBe("namespaces \"none-such-here\" not found");
        answer["details/kind"].ShouldBe("namespaces");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Namespaces: Initial namespaces", Pages.Namespaces + "#initial-namespaces")]
    public async Task The_namespaces_of_the_system_cannot_be_deleted(string side)
    {
        ClusterSide cluster = await clusters.GetAsync(side);
        foreach (string name in new[] { "default", "kube-system", "kube-public" })
        {
            Answer answer = await cluster.Admin.DeleteAsync($"/api/v1/namespaces/{name}");
            answer.ShouldBe(403)["message"].ShouldBe($"namespaces \"{name}\" is forbidden: this namespace may not be deleted");
        }
    }
}
