using System.Diagnostics.Metrics;
using System.Reflection;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;
using Tenon.OpenStack.Tests.Support;

namespace Tenon.OpenStack.Tests;

/// <summary>A read-only client cannot write, and every attempt of every call is counted.</summary>
public sealed class ReadOnlyTests : IAsyncLifetime
{
    private ScriptedCloud _cloud = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cloud = await ScriptedCloud.StartAsync();
        _cloud.Script = (_, context) => ScriptedCloud.Answer(context, 200, """{"extensions": []}""");
    }

    public ValueTask DisposeAsync() => _cloud.DisposeAsync();

    [Fact(Timeout = 30_000)]
    public async Task Every_changing_method_of_every_client_is_refused_before_anything_is_sent()
    {
        await using CloudClient client = _cloud.Connect(ScriptedCloud.Fast() with { ReadOnly = true });
        await client.Networking().ListExtensionsAsync(Ct);
        object[] services = [client.Networking(), client.LoadBalancing(), client.Compute(), client.KeyManager(), client.Identity];
        int refused = 0;
        foreach (object service in services)
        {
            MethodInfo[] methods = service.GetType().GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly);
            foreach (MethodInfo method in methods.Where(m => !m.Name.StartsWith("List", StringComparison.Ordinal)
                && !m.Name.StartsWith("Get", StringComparison.Ordinal) && m.Name is not ("ExistsAsync" or "HasServiceAsync")))
            {
                object?[] arguments = [.. method.GetParameters().Select(Argument)];
                await Should.ThrowAsync<ReadOnlyCloudException>(async () => await (Task)method.Invoke(service, arguments)!, method.Name);
                refused++;
            }
        }

        refused.ShouldBeGreaterThan(35);
        _cloud.Received.Where(r => r.Method != "GET").Select(r => r.Path).ShouldBe(["/identity/v3/auth/tokens"]);
    }

    [Fact(Timeout = 20_000)]
    public async Task Every_attempt_is_measured_and_shown_to_the_observer()
    {
        var measured = new List<(string Instrument, string Tags)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == "Tenon.OpenStack") l.EnableMeasurementEvents(instrument);
            },
        };

        // Other tests run beside this one: only its own operation counts.
        void Note(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            string text = string.Join(' ', tags.ToArray().Select(t => $"{t.Key}={t.Value}"));
            lock (measured) if (text.Contains("network.trunks.get", StringComparison.Ordinal)) measured.Add((instrument.Name, text));
        }

        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Note(instrument, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Note(instrument, tags));
        listener.Start();
        int count = 0;
        _cloud.Script = (_, context) => Interlocked.Increment(ref count) == 1
            ? ScriptedCloud.Answer(context, 503, "")
            : ScriptedCloud.Answer(context, 200, """{"trunk": {"id": "t"}}""", ("x-openstack-request-id", "req-7"));
        var observed = new List<CloudCall>();
        await using CloudClient client = _cloud.Connect(ScriptedCloud.Fast() with { Observer = observed.Add });
        await client.Networking().GetTrunkAsync("t", Ct);
        string[] expected = ["service=network operation=network.trunks.get status=503", "service=network operation=network.trunks.get status=200"];
        lock (measured)
        {
            measured.Where(m => m.Instrument == "openstack.requests").Select(m => m.Tags).ShouldBe(expected);
            measured.Where(m => m.Instrument == "openstack.request.duration").Select(m => m.Tags).ShouldBe(expected);
        }

        observed.Select(o => (o.Operation, o.Method, o.Status, o.Attempt)).ShouldBe(
        [
            ("identity.tokens.create", "POST", 201, 1),
            ("network.trunks.get", "GET", 503, 1),
            ("network.trunks.get", "GET", 200, 2),
        ]);
        observed[^1].RequestId.ShouldBe("req-7");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_closed_client_says_so()
    {
        CloudClient client = _cloud.Connect();
        await client.DisposeAsync();
        await Should.ThrowAsync<ObjectDisposedException>(() => client.Networking().ListExtensionsAsync(Ct));
    }

    private static object? Argument(ParameterInfo parameter) => parameter.ParameterType switch
    {
        var t when t == typeof(string) => "x",
        var t when t == typeof(int) => 1,
        var t when t == typeof(int?) => null,
        var t when t == typeof(bool) => true,
        var t when t == typeof(CancellationToken) => Ct,
        var t when t == typeof(TaggedResource) => TaggedResource.Port,
        var t when t == typeof(PortCreate) => new PortCreate { NetworkId = "n" },
        var t when t == typeof(IReadOnlyCollection<PortCreate>) => new[] { new PortCreate { NetworkId = "n" } },
        var t when t == typeof(IReadOnlyCollection<SecurityGroupRuleCreate>) => new[] { new SecurityGroupRuleCreate { SecurityGroupId = "g" } },
        var t when t == typeof(IReadOnlyCollection<Route>) => Array.Empty<Route>(),
        var t when t == typeof(IReadOnlyCollection<SubPort>) => Array.Empty<SubPort>(),
        var t when t == typeof(IReadOnlyCollection<string>) => Array.Empty<string>(),
        var t when t == typeof(IReadOnlyCollection<MemberSpec>) => Array.Empty<MemberSpec>(),
        var t when t == typeof(FloatingIpCreate) => new FloatingIpCreate { NetworkId = "n" },
        var t when t == typeof(SecurityGroupCreate) => new SecurityGroupCreate("g"),
        var t when t == typeof(TrunkCreate) => new TrunkCreate("p", "t", default),
        var t when t == typeof(LoadBalancerCreate) => new LoadBalancerCreate { Name = "b" },
        var t when t == typeof(ListenerCreate) => new ListenerCreate { Name = "l", Protocol = "TCP", ProtocolPort = 1 },
        var t when t == typeof(PoolCreate) => new PoolCreate { Name = "p", Protocol = "TCP", Algorithm = "ROUND_ROBIN" },
        var t when t == typeof(PoolParent) => new PoolParent.OfListener("l"),
        var t when t == typeof(MemberSpec) => new MemberSpec { Address = "10.0.0.1", ProtocolPort = 1 },
        var t when t == typeof(HealthMonitorCreate) => new HealthMonitorCreate { Name = "m", Type = "TCP", Delay = TimeSpan.FromSeconds(5), Timeout = TimeSpan.FromSeconds(3), MaxRetries = 1 },
        var t when t == typeof(IReadOnlyCollection<SecurityGroupCreate>) => new[] { new SecurityGroupCreate("g") },
        var t when t == typeof(NetworkCreate) => new NetworkCreate("n"),
        var t => Activator.CreateInstance(t),
    };
}
