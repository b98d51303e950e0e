using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.LoadBalancing.Features;
using Tenon.Sandbox.OpenStack.LoadBalancing.Fields;
using Tenon.Sandbox.OpenStack.LoadBalancing.Model;
using Tenon.Sandbox.OpenStack.Networking;

namespace Tenon.Sandbox.OpenStack.LoadBalancing;

/// <summary>Octavia v2, with an amphora-like provider and one that has OVN's limits.</summary>
internal sealed class LoadBalancingService : ApiService
{
    /// <summary>The type of the faults that are worded by the layer below the API's own.</summary>
    public const string PlainError = "Plain";

    private static readonly string[] Dates =
    [
        "2016-12-11", "2018-04-20", "2018-07-31", "2018-12-18", "2018-12-19", "2019-01-21", "2019-01-25", "2018-01-25", "2019-02-12", "2019-03-04",
        "2019-03-05", "2019-06-24", "2019-09-11", "2019-09-13", "2019-11-10", "2020-03-10", "2020-03-15", "2020-04-29", "2020-04-29", "2020-05-12",
        "2020-08-02", "2020-09-03", "2020-09-04", "2020-09-07", "2020-10-15", "2021-10-02", "2022-08-29",
    ];

    private const int AdditionalVipsVersion = 26;

    private readonly int _minor;

    public LoadBalancingService(RegionContext context, NetworkingService networking, ISecretStore secrets)
    {
        Context = context;
        Networking = networking;
        State = new BalancerState(context);
        _minor = Math.Clamp(context.Options.LoadBalancerApiMinor, 0, Dates.Length - 1);
        OctaviaType<LoadBalancer> balancers = Types.LoadBalancers(additionalVips: _minor >= AdditionalVipsVersion);
        var vips = new VipAllocator(networking);
        var catalog = new Catalog(State, context.Options.LoadBalancerProviders);
        var listeners = new ListenerFeature(State, secrets);
        var pools = new PoolFeature(State);
        var members = new MemberFeature(State, vips);
        var monitors = new MonitorFeature(State, vips);
        var policies = new PolicyFeature(State);
        var tree = new TreeBuilder(State, listeners, pools, members, monitors, policies);
        new LoadBalancerFeature(State, balancers, vips, tree, catalog).Map(Routes);
        listeners.Map(Routes);
        pools.Map(Routes);
        members.Map(Routes);
        monitors.Map(Routes);
        policies.Map(Routes);
        catalog.Map(Routes);
        new BalancerQuotaFeature(State).Map(Routes);
        Routes.Get("/", "versions", request => ApiResponse.Ok(Versions(request)), anonymous: true);
        Routes.Get("/v2", "versions.v2", _ => ApiResponse.Json(200, JsonValue.Create("v2")!), anonymous: true);
        // The openstack client asks below /v2.0, others below /v2.
        Routes.Alias("v2", "v2.0");
    }

    /// <inheritdoc/>
    public override string Name => "load-balancer";

    /// <summary>The region that it belongs to.</summary>
    public RegionContext Context { get; }

    /// <summary>Where VIP ports live.</summary>
    public NetworkingService Networking { get; }

    /// <summary>What it knows.</summary>
    public BalancerState State { get; }

    /// <inheritdoc/>
    public override ApiFault NoRoute(ApiRequest request) => new(404, "", "Not Found");

    /// <inheritdoc/>
    public override ApiFault NoMethod(ApiRequest request, IReadOnlyCollection<string> allowed) => new(405, "", "Method Not Allowed", request.Method);

    /// <inheritdoc/>
    public override ApiResponse Render(ApiFault fault, ApiRequest request) => fault.Type is null
        ? ApiResponse.Json(fault.Status, new JsonObject
        {
            ["faultcode"] = fault.Status < 500 ? "Client" : "Server",
            ["faultstring"] = fault.Message,
            ["debuginfo"] = fault.Detail.Length == 0 ? null : fault.Detail,
        })
        : PlainErrors.Render(fault, request.Header("Accept") ?? "");

    /// <summary>Lets the next creates of a load balancer end in ERROR.</summary>
    public void FailNextCreates(int times)
    {
        lock (Context.Gate) State.Failures = times;
    }

    /// <summary>Puts a load balancer into ERROR.</summary>
    /// <returns>Whether there is one.</returns>
    public bool Fail(string id)
    {
        lock (Context.Gate)
        {
            Context.Transitions.RunDue();
            if (!State.Balancers.TryGet(id, out LoadBalancer? balancer)) return false;
            State.Fail(balancer);
            return true;
        }
    }

    private JsonObject Versions(ApiRequest request) => new()
    {
        ["versions"] = new JsonArray(
        [
            .. Enumerable.Range(0, _minor + 1).Select(minor => (JsonNode)new JsonObject
            {
                ["id"] = $"v2.{minor}",
                ["status"] = minor == _minor ? "CURRENT" : "SUPPORTED",
                ["updated"] = Dates[minor] + (minor switch { 7 => "T12:00:00Z", 18 => "T01:00:00Z", _ => "T00:00:00Z" }),
                ["links"] = new JsonArray(new JsonObject { ["href"] = request.BaseUrl + "/v2", ["rel"] = "self" }),
            }),
        ]),
    };
}
