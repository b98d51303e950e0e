using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.LoadBalancing.Fields;
using Tenon.Sandbox.OpenStack.LoadBalancing.Model;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.LoadBalancing.Features;

/// <summary>What the operator offers: providers, flavors, availability zones, amphorae.</summary>
internal sealed class Catalog(BalancerState state, ImmutableArray<string> providers)
{
    private const string AmphoraAlias = "octavia";

    private readonly ResourceTable<Offer> _flavors = new();
    private readonly ResourceTable<Offer> _flavorProfiles = new();
    private readonly ResourceTable<Offer> _zones = new();
    private readonly ResourceTable<Offer> _zoneProfiles = new();

    public void Map(RouteTable routes)
    {
        MapOffers(routes, "flavors", Types.Flavors, _flavors, "Flavor", false, _flavorProfiles);
        MapOffers(routes, "flavorprofiles", Types.FlavorProfiles, _flavorProfiles, "Flavor Profile", true, null);
        MapOffers(routes, "availabilityzones", Types.Zones, _zones, "Availability Zone", false, _zoneProfiles);
        MapOffers(routes, "availabilityzoneprofiles", Types.ZoneProfiles, _zoneProfiles, "Availability Zone Profile", true, null);
        routes.Get("/v2/lbaas/providers", "providers.list", _ => ApiResponse.Collection("providers", Enabled().Select(p => new JsonObject
        {
            ["name"] = p,
            ["description"] = p switch
            {
                ProviderRules.Ovn => "OVN provider",
                AmphoraAlias => "Alias of the amphora provider",
                _ => "Amphora provider",
            },
        })));
        foreach (string kind in (string[])["flavor_capabilities", "availability_zone_capabilities"])
            routes.Get($"/v2/lbaas/providers/{{name}}/{kind}", $"providers.{kind}", request => Capabilities(request, kind));
        routes.Get("/v2/octavia/amphorae", "amphorae.list", request =>
        {
            Admin(request);
            return ApiResponse.Json(200, new JsonObject
            {
                ["amphorae"] = new JsonArray([.. Listing.Filter(Amphorae(), request.Query, ["fields", "limit", "marker", "sort"])]), ["amphorae_links"] = new JsonArray(),
            });
        });
        routes.Get("/v2/octavia/amphorae/{id}", "amphorae.show", request =>
        {
            Admin(request);
            return ApiResponse.Wrapped(200, "amphora", Amphorae().FirstOrDefault(a => a.String("id") == request["id"]) ?? throw OctaviaFaults.NotFound("Amphora", request["id"]));
        });
    }

    /// <summary>The provider of a new load balancer.</summary>
    public string ProviderFor(string? given, string? flavorId)
    {
        if (given is not null && !Enabled().Contains(given)) throw new ApiFault(400, $"Provider '{given}' is not enabled.");
        if (flavorId is null) return given ?? providers[0];
        if (!_flavors.TryGet(flavorId, out Offer? flavor)) throw OctaviaFaults.Validation("Invalid flavor_id.");
        if (!flavor.Enabled) throw new ApiFault(400, $"The selected flavor is not allowed in this deployment: {flavorId}");
        string provider = _flavorProfiles.Find(flavor.ProfileId)?.ProviderName ?? providers[0];
        return given is null || given == provider
            ? provider
            : throw new ApiFault(400, $"Flavor '{flavorId}' is not compatible with provider '{given}'");
    }

    /// <summary>Refuses a zone that is not offered.</summary>
    public void CheckZone(string? name, string provider)
    {
        if (name is null) return;
        Offer? zone = _zones.FirstOrDefault(z => z.Name == name);
        if (zone is null) throw OctaviaFaults.Validation("Invalid availability zone.");
        if (!zone.Enabled) throw new ApiFault(400, $"The selected availability_zone is not allowed in this deployment: {name}");
        if (_zoneProfiles.Find(zone.ProfileId)?.ProviderName is { } own && own != provider)
            throw OctaviaFaults.Validation($"Availability zone '{name}' is not compatible with provider '{provider}'");
    }

    private IEnumerable<string> Enabled() => providers.Contains("amphora") ? providers.Append(AmphoraAlias).Distinct() : providers;

    private static void Admin(ApiRequest request)
    {
        if (!request.Token.IsAdmin) throw OctaviaFaults.Forbidden();
    }

    private ApiResponse Capabilities(ApiRequest request, string kind)
    {
        Admin(request);
        string name = request["name"];
        if (!Enabled().Contains(name)) throw new ApiFault(400, $"Provider '{name}' is not enabled.");
        string what = kind == "flavor_capabilities" ? "flavor" : "availability zone";
        if (name == ProviderRules.Ovn) throw OctaviaFaults.UnsupportedAction(name, $"This provider does not support getting the supported {what} metadata.");
        JsonObject Capability(string capability, string text) => new() { ["name"] = capability, ["description"] = text };
        JsonArray known = kind == "flavor_capabilities"
            ? [Capability("loadbalancer_topology", "SINGLE or ACTIVE_STANDBY."), Capability("compute_flavor", "The flavor of the amphorae.")]
            : [Capability("compute_zone", "The zone of the amphorae."), Capability("management_network", "Their management network.")];
        return ApiResponse.Ok(new JsonObject { [kind] = known });
    }

    private IEnumerable<JsonObject> Amphorae()
    {
        foreach (LoadBalancer balancer in state.Balancers.Where(b => b.Provider != ProviderRules.Ovn && b.Provisioning != Status.PendingCreate))
        {
            // One for each, of the load balancer's own identity: nobody logs into it.
            yield return new JsonObject
            {
                ["id"] = balancer.Id[..^4] + "a000", ["loadbalancer_id"] = balancer.Id, ["compute_id"] = balancer.Id[..^4] + "c000",
                ["lb_network_ip"] = "192.0.2.10", ["vrrp_ip"] = balancer.VipAddress.ToString(), ["ha_ip"] = balancer.VipAddress.ToString(),
                ["vrrp_port_id"] = balancer.VipPortId, ["ha_port_id"] = balancer.VipPortId, ["cert_expiration"] = null, ["cert_busy"] = false,
                ["role"] = "STANDALONE", ["status"] = balancer.Provisioning == Status.Error ? "ERROR" : "ALLOCATED", ["vrrp_interface"] = null,
                ["vrrp_id"] = 1, ["vrrp_priority"] = null, ["cached_zone"] = "az1", ["created_at"] = Value.Time(balancer.CreatedAt),
                ["updated_at"] = Value.Time(balancer.UpdatedAt), ["image_id"] = null, ["compute_flavor"] = null,
            };
        }
    }

    private void MapOffers(
        RouteTable routes, string path, OctaviaType<Offer> type, ResourceTable<Offer> table, string word, bool adminOnly, ResourceTable<Offer>? profiles)
    {
        string all = $"/v2/lbaas/{path}", one = all + "/{id}";
        Offer Find(ApiRequest request) => table.Find(request["id"]) ?? throw OctaviaFaults.NotFound(word, request["id"]);
        void MayRead(ApiRequest request)
        {
            if (adminOnly) Admin(request);
        }

        ApiResponse Answer(int status, Offer offer, ApiRequest request) => ApiResponse.Json(status, writer =>
        {
            writer.WriteStartObject();
            writer.WritePropertyName(type.Singular);
            type.Write(writer, offer, [.. request.Query.All("fields")]);
            writer.WriteEndObject();
        });

        routes.Get(all, $"{path}.list", request =>
        {
            MayRead(request);
            return OctaviaLists.Answer(type, table, request);
        });
        routes.Get(one, $"{path}.show", request =>
        {
            MayRead(request);
            return Answer(200, Find(request), request);
        });
        routes.Post(all, $"{path}.create", request =>
        {
            Admin(request);
            Offer offer = Make(type.Read(request, create: true), path, profiles, table, word);
            table.Add(offer.Id, offer);
            return Answer(201, offer, request);
        });
        routes.Put(one, $"{path}.update", request =>
        {
            Admin(request);
            Input input = type.Read(request, create: false);
            Offer offer = Find(request);
            Fill(offer, input);
            return Answer(200, offer, request);
        });
        routes.Delete(one, $"{path}.delete", request =>
        {
            Admin(request);
            Offer offer = Find(request);
            if (state.Balancers.Any(b => b.FlavorId == offer.Id || (b.Zone == offer.Name && path == "availabilityzones"))
                || (profiles is null && (path == "flavorprofiles" ? _flavors : _zones).Any(o => o.ProfileId == offer.Id)))
                throw new ApiFault(409, $"{word} {request["id"]} is in use and cannot be modified.");
            table.Remove(request["id"]);
            return ApiResponse.Empty(204);
        });
    }

    private Offer Make(Input input, string path, ResourceTable<Offer>? profiles, ResourceTable<Offer> table, string word)
    {
        string name = input.Get<string>("name")!;
        string? profile = input.Get<string>("flavor_profile_id") ?? input.Get<string>("availability_zone_profile_id");
        if (profiles is not null && !profiles.Contains(profile)) throw OctaviaFaults.NotFound(path == "flavors" ? "Flavor Profile" : "Availability Zone Profile", profile!);
        if (profiles is not null && table.Any(o => o.Name == name)) throw new ApiFault(409, $"A {word.ToLowerInvariant()} of {name} already exists.");
        // A zone is found by its name.
        string id = path == "availabilityzones" ? name : Text.NewUuid();
        var offer = new Offer { Id = id, ProjectId = "", CreatedAt = state.Now, ProfileId = profile };
        Fill(offer, input);
        return offer;
    }

    private static void Fill(Offer offer, Input input)
    {
        input.When<string>("name", name => offer.Name = name);
        input.When<string>("description", text => offer.Description = text);
        input.When<bool>("enabled", enabled => offer.Enabled = enabled);
        input.When<string>("provider_name", name => offer.ProviderName = name);
        input.When<string>("flavor_data", data => offer.Data = data);
        input.When<string>("availability_zone_data", data => offer.Data = data);
    }
}
