using Tenon.Conformance.Tests.Support;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>The same server through Tenon's own client: what it makes of answers, and that its informers, elections and events work on it.</summary>
public sealed class ClientCases(Clusters clusters)
{
    [Theory(Timeout = 120_000), Clusters]
    [Stated("API conventions: Response Status Kind", Pages.Conventions + "#response-status-kind")]
    public async Task Failures_are_classified(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        using KubernetesClient client = scratch.Cluster.Connect();
        CancellationToken ct = TestContext.Current.CancellationToken;
        ConfigMap made = await client.CreateAsync(Map(scratch, "one"), ct);
        (await FailureAsync(client.CreateAsync(Map(scratch, "one"), ct))).Failure.ShouldBe(KubernetesFailure.AlreadyExists);
        (await FailureAsync(client.CreateAsync(Map(scratch, "Bad"), ct))).Failure.ShouldBe(KubernetesFailure.Invalid);
        await client.UpdateAsync(made with { Data = new Dictionary<string, string> { ["a"] = "1" } }, ct);
        (await FailureAsync(client.UpdateAsync(made with { Data = new Dictionary<string, string> { ["a"] = "2" } }, ct))).Failure.ShouldBe(KubernetesFailure.Conflict);
        (await client.GetAsync<ConfigMap>(new(scratch.Space, "none"), ct)).ShouldBeNull();
        (await client.DeleteAsync<ConfigMap>(new(scratch.Space, "none"), ct)).ShouldBeFalse();
        (await FailureAsync(client.DeleteAsync<ConfigMap>(new(scratch.Space, "one"), ct, new() { Uid = "other" }))).Failure.ShouldBe(KubernetesFailure.Conflict);
        (await client.DeleteAsync<ConfigMap>(new(scratch.Space, "one"), ct, new() { Uid = made.Metadata.Uid })).ShouldBeTrue();
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Retrieving large results sets in chunks", Pages.Concepts + "#retrieving-large-results-sets-in-chunks")]
    public async Task Lists_come_page_by_page(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        using KubernetesClient client = scratch.Cluster.Connect();
        CancellationToken ct = TestContext.Current.CancellationToken;
        for (int i = 0; i < 7; i++) await scratch.ConfigMapAsync($"m{i}", metadata: """ "labels":{"case":"pages"} """);
        var names = new List<string>();
        await foreach (ConfigMap map in client.ListAsync<ConfigMap>(new() { Namespace = scratch.Space, LabelSelector = "case=pages", PageSize = 3 }, ct)) names.Add(map.Metadata.Name);
        names.ShouldBe(["m0", "m1", "m2", "m3", "m4", "m5", "m6"]);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Efficient detection of changes", Pages.Concepts + "#efficient-detection-of-changes")]
    public async Task An_informer_follows_what_happens(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        using KubernetesClient client = scratch.Cluster.Connect();
        await scratch.ConfigMapAsync("before");
        var informer = new Informer<ConfigMap>(client, new() { Namespace = scratch.Space });
        var gone = new TaskCompletionSource();
        var changed = new TaskCompletionSource();
        using IDisposable subscription = informer.Subscribe(change =>
        {
            if (change is InformerChange<ConfigMap>.Updated { New.Metadata.Name: "later" }) changed.TrySetResult();
            if (change is InformerChange<ConfigMap>.Deleted && change.Key.Name == "later") gone.TrySetResult();
        });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task running = informer.RunAsync(stop.Token);
        await informer.WaitForSyncAsync(stop.Token);
        informer.Get(new(scratch.Space, "before")).ShouldNotBeNull();
        await scratch.ConfigMapAsync("later");
        await scratch.Admin.PatchAsync(scratch.Path("configmaps", "later"), """{"data":{"a":"1"}}""");
        await changed.Task.WaitAsync(stop.Token);
        informer.Get(new(scratch.Space, "later"))!.Data["a"].ShouldBe("1");
        await scratch.Admin.DeleteAsync(scratch.Path("configmaps", "later"));
        await gone.Task.WaitAsync(stop.Token);
        informer.Problem.ShouldBeNull();
        await stop.CancelAsync();
        await running;
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("EndpointSlices: lists that are null", Pages.EndpointSlices)]
    public async Task A_slice_of_nothing_is_read_as_empty(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        using KubernetesClient client = scratch.Cluster.Connect();
        await scratch.MakeAsync(
            scratch.Path("discovery.k8s.io/v1/endpointslices"), """{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"one"},"addressType":"IPv4","endpoints":[]}""");
        EndpointSlice? slice = await client.GetAsync<EndpointSlice>(new(scratch.Space, "one"), TestContext.Current.CancellationToken);
        slice.ShouldNotBeNull().Endpoints.ShouldBeEmpty();
        slice.Ports.ShouldBeEmpty();
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Leases: Leader election", Pages.Leases + "#leader-election")]
    public async Task One_leads_and_hands_over(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        using KubernetesClient client = scratch.Cluster.Connect();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var first = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        TaskCompletionSource one = new(TaskCreationOptions.RunContinuationsAsynchronously), two = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task leading = Elector(client, scratch, "one").RunAsync(async ct => { one.TrySetResult(); await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct); }, first.Token);
        await one.Task.WaitAsync(stop.Token);
        Task following = Elector(client, scratch, "two").RunAsync(async ct => { two.TrySetResult(); await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct); }, stop.Token);
        (await client.GetAsync<Lease>(new(scratch.Space, "leader"), stop.Token))!.Spec.HolderIdentity.ShouldBe("one");
        await first.CancelAsync();
        await Ended(leading);
        await two.Task.WaitAsync(stop.Token);
        Lease lease = (await client.GetAsync<Lease>(new(scratch.Space, "leader"), stop.Token))!;
        lease.Spec.HolderIdentity.ShouldBe("two");
        lease.Spec.LeaseTransitions.ShouldBe(1);
        await stop.CancelAsync();
        await Ended(following);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Authorization Overview: Checking API access", Pages.Authorization + "#checking-api-access")]
    public async Task Version_types_and_rights_are_asked(string side)
    {
        ClusterSide cluster = await clusters.GetAsync(side);
        using KubernetesClient client = cluster.Connect();
        CancellationToken ct = TestContext.Current.CancellationToken;
        (await client.GetServerVersionAsync(ct)).ShouldStartWith("v1.");
        IReadOnlyList<ApiResource> types = await client.GetApiResourcesAsync("coordination.k8s.io", "v1", ct);
        types.ShouldContain(t => t.Type.Plural == "leases" && t.Type.Namespaced);
        (await client.GetApiResourcesAsync("none.example.com", "v1", ct)).ShouldBeEmpty();
        (await client.CanIAsync(AccessRequest.ToPath("get", "/metrics"), ct)).Allowed.ShouldBeTrue();
    }

    private static LeaderElector Elector(KubernetesClient client, KubeScratch scratch, string identity) => new(
        client, new() { Lease = new(scratch.Space, "leader"), Identity = identity, RetryPeriod = TimeSpan.FromMilliseconds(300), RenewDeadline = TimeSpan.FromSeconds(5) });

    private static async Task Ended(Task task)
    {
        try
        {
            await task;
        }
        catch (OperationCanceledException)
        {
            // As asked.
        }
    }

    private static ConfigMap Map(KubeScratch scratch, string name) => new() { Metadata = new() { Namespace = scratch.Space, Name = name } };

    private static async Task<KubernetesException> FailureAsync<T>(Task<T> call) => await Should.ThrowAsync<KubernetesException>(() => call);
}
