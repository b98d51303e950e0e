using System.Text.Json.Nodes;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>
/// An application of three tiers: PostgreSQL on three machines of the network <c>leonardodb</c>, three pods <c>leonardo</c> that show what is in it, and
/// three pods <c>nginx</c> before them, which the Service <c>nginx</c> opens to the outside.
/// </summary>
internal sealed class Leonardo : IAsyncDisposable
{
    /// <summary>The range of the pods that use the database: what its owner lets in.</summary>
    public const string Range = "10.150.0.0/24";

    private const string DatabaseRange = "10.0.100.0/24", Reader = "10.254.98.10", Writer = "10.254.98.11", Service = "10.254.98.15", Front = "10.254.225.19";
    private static readonly string[] s_hosts = ["compute1", "compute2", "compute3"];
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30), s_writePatience = TimeSpan.FromSeconds(90);
    private readonly PodCluster _cluster;
    private readonly string _folder = Directory.CreateTempSubdirectory("tenon-leonardo-").FullName;
    private readonly List<IAsyncDisposable> _programs = [];

    private Leonardo(PodCluster cluster)
    {
        _cluster = cluster;
        // PostgreSQL and nginx work as users of their own.
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
    }

    /// <summary>The machines, the first of which takes the writes.</summary>
    public Guest[] Machines { get; private set; } = [];

    /// <summary>The databases on the machines.</summary>
    public PostgresServer[] Databases { get; private set; } = [];

    /// <summary>The pods that use the database.</summary>
    public CloudPod[] Apps { get; private set; } = [];

    /// <summary>The pods before them.</summary>
    public CloudPod[] Proxies { get; private set; } = [];

    /// <summary>The address to which the outside speaks.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Where the application is, as targets of a probe: its pods and its virtual IP.</summary>
    public string[] AppTargets => [.. Apps.Select(a => $"tcp/{a.Address}/8000"), $"tcp/{Service}/8000"];

    /// <summary>Where the database is, as targets of a probe: its machines and its virtual IPs.</summary>
    public string[] DatabaseTargets => [.. Machines.Select(m => m.Address).Append(Reader).Append(Writer).Select(a => $"tcp/{a}/{PostgresServer.Port}")];

    /// <summary>The virtual IP of the database that takes the writes, as the target of a probe.</summary>
    public string WriterTarget => $"tcp/{Writer}/{PostgresServer.Port}";

    /// <summary>Makes all of it, with one note in the database.</summary>
    public static async Task<Leonardo> CreateAsync(CloudProject project, PodCluster cluster, string note)
    {
        var leonardo = new Leonardo(cluster);
        try
        {
            await leonardo.MakeDatabaseAsync(project, note);
            await leonardo.MakePodsAsync();
            leonardo.Address = await cluster.UntilAsync("the Service nginx has an address", a => a.Length > 0, "service", "nginx", "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}");
            return leonardo;
        }
        catch
        {
            await leonardo.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks for the notes, from outside; <c>null</c> unless there is an answer with status 200.</summary>
    public async Task<LeonardoAnswer?> ShowAsync()
    {
        if (await Outside.RequestAsync(HttpMethod.Get, Address, null, s_patience) is not { Status: 200 } answer) return null;
        JsonNode body = JsonNode.Parse(answer.Text)!;
        return new(answer.By, (string)body["app"]!, (string)body["database"]!, [.. body["notes"]!.AsArray().Select(n => (string)n!)]);
    }

    /// <summary>Writes a note, from outside.</summary>
    public async Task WriteAsync(string note)
    {
        (int Status, string By, string Text)? answer = await Outside.RequestAsync(HttpMethod.Post, Address, note, s_writePatience);
        (answer?.Status).ShouldBe(201, answer?.Text ?? "no answer");
    }

    /// <summary>What the programs have said.</summary>
    public string Explain() => string.Join('\n', _programs.OfType<ServerProgram>().Select(p => $"--- {p.Log}"));

    /// <summary>Ends the programs and deletes the machines; the pods are the cluster's.</summary>
    public async Task DeleteAsync()
    {
        await DisposeAsync();
        await Task.WhenAll(Machines.Select(m => m.DeleteAsync()));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var attempts = new Attempts();
        foreach (IAsyncDisposable program in _programs) await attempts.MakeAsync(() => program.DisposeAsync().AsTask());
        _programs.Clear();
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
        attempts.Conclude();
    }

    private async Task MakeDatabaseAsync(CloudProject project, string note)
    {
        (string network, _) = await project.AddNetworkAsync("leonardodb", DatabaseRange, "10.0.100.1");
        string group = await project.MakeSecurityGroupAsync("leonardodb", ("tcp", PostgresServer.Port, PostgresServer.Port, Range), ("tcp", PostgresServer.Port, PostgresServer.Port, DatabaseRange));
        Machines = await Task.WhenAll(Enumerable.Range(1, 3).Select(i => project.AddGuestAsync(group, $"postgresql-{i}", $"az{i}", network)));
        PostgresServer primary = await PostgresServer.StartPrimaryAsync(Machines[0], _folder, standbys: 2);
        _programs.Add(primary);
        await primary.QueryAsync($"SET synchronous_commit = local; CREATE TABLE note (id serial PRIMARY KEY, text text NOT NULL); INSERT INTO note (text) VALUES ('{note}')");
        PostgresServer[] standbys = await Task.WhenAll(Machines[1..].Select(async m =>
        {
            PostgresServer standby = await PostgresServer.StartStandbyAsync(m, _folder, primary);
            lock (_programs) _programs.Add(standby);
            return standby;
        }));
        Databases = [primary, .. standbys];
    }

    private async Task MakePodsAsync()
    {
        await _cluster.ApplyAsync(Manifest());
        CloudPod[] pods = await _cluster.AddPodsAsync([
            .. s_hosts.Select((host, i) => new PodDeclaration($"leonardo-{i + 1}", host) { Labels = new() { ["app"] = "leonardo", ["name"] = "leonardo", ["uses"] = "leonardodb_leonardodb-writer" } }),
            .. s_hosts.Select((host, i) => new PodDeclaration($"nginx-{i + 1}", host) { Labels = new() { ["app"] = "nginx", ["name"] = "nginx", ["uses"] = "ftleonardo" } }),
        ]);
        (Apps, Proxies) = (pods[..3], pods[3..]);
        string script = Path.Combine(AppContext.BaseDirectory, "Cloud", "Support", "leonardo.py");
        foreach (CloudPod app in Apps) _programs.Add(ServerProgram.Start(app.Namespace, "TERM", "/usr/bin/python3", "-I", script, app.Name, "8000", Reader, Writer));
        foreach (CloudPod proxy in Proxies) _programs.Add(await Nginx.StartAsync(proxy, _folder, $"{Service}:8000"));
    }

    private string Manifest() => $$$"""
        apiVersion: network.tenon.dev/v1alpha1
        kind: VirtualNetwork
        metadata: {name: leonardodb, namespace: default}
        spec: {networkRef: leonardodb}
        ---
        apiVersion: network.tenon.dev/v1alpha1
        kind: VirtualNetwork
        metadata: {name: leonardo, namespace: default}
        spec: {cidrs: ["{{{Range}}}"]}
        ---
        {{{ByHand("leonardodb", Reader, Machines)}}}
        ---
        {{{ByHand("leonardodb-writer", Writer, Machines[..1])}}}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: ftleonardo, labels: {name: ftleonardo}}
        spec:
          clusterIP: {{{Service}}}
          ports: [{port: 8000}]
          selector: {name: leonardo}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: nginx, labels: {app: nginx, name: nginx}}
        spec:
          clusterIP: {{{Front}}}
          ports: [{port: 80}]
          selector: {app: nginx}
          type: LoadBalancer
        """;

    /// <summary>A Service without selector, and its endpoints: machines.</summary>
    private static string ByHand(string name, string address, Guest[] machines) => $$$"""
        apiVersion: v1
        kind: Service
        metadata: {name: {{{name}}}}
        spec:
          clusterIP: {{{address}}}
          ports: [{port: {{{PostgresServer.Port}}}}]
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: {{{name}}}, labels: {kubernetes.io/service-name: {{{name}}}}}
        addressType: IPv4
        ports: [{name: "", protocol: TCP, port: {{{PostgresServer.Port}}}}]
        endpoints: [{{{Endpoints(machines)}}}]
        """;

    private static string Endpoints(Guest[] machines) => string.Join(", ", machines.Select(m => $"{{addresses: [{m.Address}]}}"));
}

/// <summary>An answer of the application.</summary>
/// <param name="Proxy">The pod that gave it.</param>
/// <param name="App">The pod that the proxy asked.</param>
/// <param name="Database">The address of the machine that the application asked.</param>
/// <param name="Notes">What is in the database.</param>
internal sealed record LeonardoAnswer(string Proxy, string App, string Database, string[] Notes);
