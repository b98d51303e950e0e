namespace Tenon.Conformance.Tests.Support;

/// <summary>
/// What one case makes in a cluster: a namespace of its own, and cluster-wide things with names of its own, all deleted when the case ends.
/// </summary>
public sealed class KubeScratch : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly Stack<string> _made = new();

    private KubeScratch(ClusterSide cluster, string space) => (Cluster, Space) = (cluster, space);

    /// <summary>The cluster.</summary>
    public ClusterSide Cluster { get; }

    /// <summary>The administrator's wire.</summary>
    public KubeWire Admin => Cluster.Admin;

    /// <summary>The namespace; also the beginning of the names of cluster-wide things.</summary>
    public string Space { get; }

    /// <summary>Makes the namespace.</summary>
    internal static async Task<KubeScratch> StartAsync(ClusterSide cluster)
    {
        Answer made = await cluster.Admin.PostAsync("/api/v1/namespaces", """{"apiVersion":"v1","kind":"Namespace","metadata":{"generateName":"cf-"}}""");
        return new(cluster, made.ShouldBe(201)["metadata/name"]!);
    }

    /// <summary>
    /// The path of a collection in the namespace, or of one object of it: <c>configmaps</c>, <c>apps/v1/deployments</c>, with <c>/status</c> behind the name
    /// or a query behind all.
    /// </summary>
    public string Path(string resource, string name = "") => Of(resource, Space, name);

    /// <summary>The same for what is cluster-wide.</summary>
    public static string Wide(string resource, string name = "") => Of(resource, "", name);

    /// <summary>Creates an object, demands 201, and returns the answer. Cluster-wide ones are deleted with the case.</summary>
    public async Task<Answer> MakeAsync(string path, object body)
    {
        Answer answer = (await Admin.PostAsync(path, body)).ShouldBe(201);
        if (!path.Contains($"/namespaces/{Space}/", StringComparison.Ordinal)) Forget($"{path.Split('?')[0]}/{answer["metadata/name"]}");
        return answer;
    }

    /// <summary>Creates a ConfigMap of the namespace.</summary>
    public Task<Answer> ConfigMapAsync(string name, string data = "{}", string metadata = "")
        => MakeAsync(Path("configmaps"), $$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{name}}"{{(metadata.Length > 0 ? "," + metadata : "")}}},"data":{{data}}}""");

    /// <summary>Has a cluster-wide thing deleted with the case; one that is gone by then is no error.</summary>
    public void Forget(string path) => _made.Push(path);

    /// <summary>Waits until the namespace has what pods need, and returns the token of a new service account's bearer.</summary>
    public Task AccountAsync() => UntilAsync(Path("serviceaccounts", "default"), a => a.Status == 200, "there: the default service account");

    /// <summary>Makes a service account and returns a token of it.</summary>
    public async Task<string> TokenAsync(string account)
    {
        await MakeAsync(Path("serviceaccounts"), $$"""{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"{{account}}"} }""");
        Answer token = await Admin.PostAsync(Path("serviceaccounts", $"{account}/token"), """{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":3600}}""");
        return token.ShouldBe(201)["status/token"]!;
    }

    /// <summary>Reads again and again until the answer is accepted; the error tells the last one.</summary>
    public Task<Answer> UntilAsync(string path, Func<Answer, bool> enough, string what) => UntilAsync(() => Admin.GetAsync(path), enough, what);

    /// <summary>Asks again and again until the answer is accepted; the error tells the last one.</summary>
    public static async Task<Answer> UntilAsync(Func<Task<Answer>> ask, Func<Answer, bool> enough, string what)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Answer answer = await ask();
            if (enough(answer)) return answer;
            if (TimeProvider.System.GetElapsedTime(began) > Patience) throw new TimeoutException($"still not {what}: {answer.Status} {answer.Text}");
            await Task.Delay(Look, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var left = new List<string>();
        _made.Push($"/api/v1/namespaces/{Space}");
        while (_made.TryPop(out string? path))
        {
            // Finalizers that a case left behind would keep the thing for ever.
            Answer answer = await Admin.DeleteAsync(path, """{"propagationPolicy":"Background"}""");
            if (answer.Status is not (200 or 202 or 404)) left.Add($"{answer.Request}: {answer.Status} {answer.Text}");
        }

        left.ShouldBeEmpty();
    }

    private static string Of(string resource, string space, string name)
    {
        int at = resource.LastIndexOf('/');
        string root = at < 0 ? "/api/v1" : $"/apis/{resource[..at]}";
        string scope = space.Length == 0 ? "" : $"/namespaces/{space}";
        string plural = resource[(at + 1)..];
        if (name.Length == 0) return $"{root}{scope}/{plural}";
        return name[0] == '?' ? $"{root}{scope}/{plural}{name}" : $"{root}{scope}/{plural}/{name}";
    }
}
