using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Identity;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Attributes;
using Tenon.Sandbox.OpenStack.Networking.Resources;

namespace Tenon.Sandbox.OpenStack.Networking.Features;

/// <summary>Routers: gateway, interfaces, extra routes.</summary>
internal sealed class RouterFeature(NetworkState state, PortAllocator allocator)
{
    private static readonly string[] AdminGateway = ["enable_snat", "external_fixed_ips"];
    private ResourceApi<Router>? _api;

    /// <summary>How many extra routes a router takes.</summary>
    public int MaximumRoutes { get; set; } = Math.Max(30, 4 * state.Context.Options.Nodes);

    public void Map(RouteTable routes)
    {
        _api = new ResourceApi<Router>
        {
            Type = NetworkTypes.Routers,
            Path = "routers",
            Table = state.Routers,
            State = state,
            NotFound = Faults.RouterNotFound,
            Create = Create,
            Update = Update,
            Delete = Delete,
            SaysNothingNew = (router, input) => input.Names.All(n => n == "routes")
                && (!input.Has("routes") || input.Or("routes", ImmutableArray<Route>.Empty).ToHashSet().SetEquals(router.Routes)),
            MayExpectRevision = input => input.Has("routes"),
        };
        _api.Map(routes);
        routes.Put("/v2.0/routers/{id}/add_router_interface", "routers.add_interface", AddInterface);
        routes.Put("/v2.0/routers/{id}/remove_router_interface", "routers.remove_interface", RemoveInterface);
        routes.Put("/v2.0/routers/{id}/add_extraroutes", "routers.add_extraroutes", request => ChangeRoutes(request, (old, given) => [.. old.Union(given)]));
        routes.Put("/v2.0/routers/{id}/remove_extraroutes", "routers.remove_extraroutes", request =>
            ChangeRoutes(request, (old, given) => [.. old.Except(given)]));
    }

    private static ApiFault Bad(string message) => Faults.BadRequest("router", message);

    private Router Create(Input input, string project, TokenInfo token)
    {
        state.Quotas.Check(project, "router", () => state.Routers.Count(r => r.ProjectId == project));
        foreach (string zone in input.Or("availability_zone_hints", ImmutableArray<string>.Empty))
        {
            if (!state.Context.Zones.Contains(zone)) throw Faults.NotFound("AvailabilityZoneNotFound", $"AvailabilityZone {zone} could not be found.");
        }

        Network? external = null;
        var gateway = input["external_gateway_info"] as JsonObject;
        if (gateway is { Count: > 0 }) external = CheckGateway(gateway, token, "create");
        var router = new Router
        {
            Id = Text.NewUuid(),
            ProjectId = project,
            Name = input.Or("name", ""),
            Description = input.Or("description", ""),
            AdminStateUp = input.Or("admin_state_up", true),
            ZoneHints = input.Or("availability_zone_hints", ImmutableArray<string>.Empty),
            CreatedAt = state.Now,
        };
        router.Born(state.Now, 0);
        if (external is not null) SetGateway(router, external, gateway!);
        state.Routers.Add(router.Id, router);
        return router;
    }

    private void Update(Router router, Input input, TokenInfo token)
    {
        if (input["routes"] is ImmutableArray<Route> routes) CheckRoutes(router, routes);
        if (input.Has("external_gateway_info")) ChangeGateway(router, input["external_gateway_info"] as JsonObject, token);
        input.When<ImmutableArray<Route>>("routes", changed => router.Routes = InOrder(changed));
        input.When<string>("name", name => router.Name = name);
        input.When<string>("description", text => router.Description = text);
        input.When<bool>("admin_state_up", up => router.AdminStateUp = up);
    }

    private void Delete(Router router)
    {
        if (router.Interfaces.Count > 0)
        {
            throw Faults.Conflict(
                "RouterInUse", $"Router {router.Id} has ports still attached: {string.Join(", ", router.Interfaces.Select(p => p.Id))}");
        }

        ClearGateway(router);
        state.Routers.Remove(router.Id);
    }

    private Network CheckGateway(JsonObject given, TokenInfo token, string verb)
    {
        string rule = $"rule:{verb}_router";
        string[] admin = [.. AdminGateway.Where(given.ContainsKey)];
        if (admin.Length > 0 && !token.IsAdmin)
        {
            string parts = string.Join(" and ", given.Select(p => p.Key).Select(k => $"{rule}:external_gateway_info:{k}"));
            throw Faults.Forbidden($"({rule} and ({rule}:external_gateway_info and ({parts})))");
        }

        Network network = state.NetworkFor(token, given["network_id"]!.GetValue<string>());
        return network.External ? network : throw Bad($"Network {network.Id} is not an external network");
    }

    private void ChangeGateway(Router router, JsonObject? given, TokenInfo token)
    {
        Network? external = given is { Count: > 0 } ? CheckGateway(given, token, "update") : null;
        if (router.Gateway is { } old && old.Network != external)
        {
            if (state.FloatingIps.Any(f => f.Router == router && f.ExternalNetwork == old.Network))
            {
                throw Faults.Conflict(
                    "RouterExternalGatewayInUseByFloatingIp",
                    $"Gateway cannot be updated for router {router.Id}, since a gateway to external network {old.Network.Id} is required by one or more floating IPs.");
            }

            ClearGateway(router);
        }

        if (external is null) return;
        if (router.Gateway is { } same)
        {
            router.Gateway = same with { EnableSnat = given!.Boolean("enable_snat") ?? same.EnableSnat };
            if (Addresses(given!) is { } addresses) PortAllocator.Readdress(same.Port, addresses);
        }
        else
        {
            SetGateway(router, external, given!);
        }
    }

    private void SetGateway(Router router, Network external, JsonObject given)
    {
        Port port = allocator.Create(new PortSpec(external, "")
        {
            DeviceId = router.Id, DeviceOwner = NeutronOwners.RouterGateway, FixedIps = Addresses(given), CheckQuota = false,
        });
        // The one host with the external bridge is the gateway.
        allocator.Bind(port, state.Hosts[0]);
        allocator.BringUp(port, TimeSpan.Zero);
        router.Gateway = new Gateway(port, given.Boolean("enable_snat") ?? true);
    }

    private void ClearGateway(Router router)
    {
        if (router.Gateway is { } gateway) allocator.Remove(gateway.Port);
        router.Gateway = null;
    }

    private static ImmutableArray<FixedIpRequest>? Addresses(JsonObject given)
    {
        if (given["external_fixed_ips"] is not JsonArray { Count: > 0 } array) return null;
        return
        [
            .. array.OfType<JsonObject>().Select(item =>
                new FixedIpRequest(item.String("subnet_id"), Ip.TryParse(item.String("ip_address"), out Ip address) ? address : null)),
        ];
    }

    private ApiResponse AddInterface(ApiRequest request)
    {
        Router router = _api!.Find(request);
        JsonObject body = request.RawBody.IsEmpty ? [] : ResourceType<Router>.BodyOf(request);
        string? subnetId = body.String("subnet_id"), portId = body.String("port_id");
        if ((subnetId ?? portId) is { } id && !Text.IsUuid(id)) throw Bad($"'{id}' is not a valid UUID");
        if (subnetId is null && portId is null) throw Bad("Either subnet_id or port_id must be specified");
        if (subnetId is not null && portId is not null) throw Bad("Cannot specify both subnet-id and port-id");
        Port port;
        Subnet subnet;
        if (portId is not null)
        {
            port = state.PortFor(request.Token, portId);
            subnet = AttachPort(router, port);
        }
        else
        {
            subnet = state.SubnetFor(request.Token, subnetId!);
            port = AttachSubnet(router, subnet);
        }

        allocator.BringUp(port, TimeSpan.Zero);
        router.Touch(state.Now);
        return Interface(router, port, subnet, portId is not null ? [.. port.FixedIps.Select(a => a.Subnet)] : [subnet]);
    }

    private Subnet AttachPort(Router router, Port port)
    {
        if (port.DeviceId.Length > 0)
        {
            throw Faults.Conflict(
                "PortInUse",
                $"Unable to complete operation on port {port.Id} for network {port.Network.Id}. Port already has an attached device {port.DeviceId}.");
        }

        if (port.FixedIps.Length == 0) throw Bad("Router port must have at least one fixed IP");
        if (port.FixedIps.Count(a => a.Address.Version == 4) > 1) throw Bad("Cannot have multiple IPv4 subnets on router port");
        foreach (FixedIp address in port.FixedIps) CheckOverlap(router, address.Subnet);
        state.Attach(port, router.Id, NeutronOwners.RouterInterface);
        port.Touch(state.Now);
        router.Interfaces.Add(port);
        return port.FixedIps[0].Subnet;
    }

    private Port AttachSubnet(Router router, Subnet subnet)
    {
        if (subnet.Gateway is not { } gateway) throw Bad("Subnet for router interface must have a gateway IP");
        CheckOverlap(router, subnet);
        // Further IPv6 prefixes of a network share the port of the first.
        Port? existing = subnet.Cidr.Version == 6
            ? router.Interfaces.FirstOrDefault(p => p.Network == subnet.Network && p.FixedIps.All(a => a.Address.Version == 6))
            : null;
        if (existing is not null)
        {
            NetworkState.Take(subnet, gateway);
            existing.FixedIps = existing.FixedIps.Add(new FixedIp(subnet, gateway));
            existing.Touch(state.Now);
            return existing;
        }

        Port port = allocator.Create(new PortSpec(subnet.Network, router.ProjectId)
        {
            DeviceId = router.Id, DeviceOwner = NeutronOwners.RouterInterface, FixedIps = [new FixedIpRequest(subnet.Id, gateway)],
        });
        router.Interfaces.Add(port);
        return port;
    }

    private static void CheckOverlap(Router router, Subnet subnet)
    {
        IEnumerable<FixedIp> addresses = router.Interfaces.SelectMany(p => p.FixedIps);
        if (router.Gateway is { } gateway) addresses = addresses.Concat(gateway.Port.FixedIps);
        foreach (FixedIp address in addresses)
        {
            if (address.Subnet == subnet) throw Bad($"Router already has a port on subnet {subnet.Id}");
            if (address.Subnet.Cidr.Overlaps(subnet.Cidr))
                throw Bad($"Cidr {subnet.Cidr} of subnet {subnet.Id} overlaps with cidr {address.Subnet.Cidr} of subnet {address.Subnet.Id}");
        }
    }

    private ApiResponse RemoveInterface(ApiRequest request)
    {
        Router router = _api!.Find(request);
        JsonObject body = request.RawBody.IsEmpty ? [] : ResourceType<Router>.BodyOf(request);
        string? subnetId = body.String("subnet_id"), portId = body.String("port_id");
        if ((subnetId ?? portId) is { } id && !Text.IsUuid(id)) throw Bad($"'{id}' is not a valid UUID");
        if (subnetId is null && portId is null) throw Bad("Either subnet_id or port_id must be specified");
        Port? port;
        Subnet subnet;
        if (portId is not null)
        {
            port = router.Interfaces.FirstOrDefault(p => p.Id == portId) ?? throw Faults.NotFound(
                "RouterInterfaceNotFound", $"Router {router.Id} does not have an interface with id {portId}");
            subnet = port.FixedIps[0].Subnet;
            if (subnetId is not null && port.FixedIps.All(a => a.Subnet.Id != subnetId))
                throw Faults.Invalid("SubnetMismatchForPort", $"Subnet on port {portId} does not match the requested subnet {subnetId}.");
        }
        else
        {
            subnet = state.SubnetFor(request.Token, subnetId!);
            port = router.Interfaces.FirstOrDefault(p => p.FixedIps.Any(a => a.Subnet == subnet)) ?? throw Faults.NotFound(
                "RouterInterfaceNotFoundForSubnet", $"Router {router.Id} has no interface on subnet {subnet.Id}");
        }

        CheckUnused(router, subnet);
        // Asked by subnet, a port that serves others too stays for them.
        if (portId is null && port.FixedIps.Length > 1)
        {
            FixedIp gone = port.FixedIps.First(a => a.Subnet == subnet);
            port.FixedIps = port.FixedIps.Remove(gone);
            subnet.Ledger.Release(gone.Address);
        }
        else
        {
            router.Interfaces.Remove(port);
            allocator.Remove(port);
        }

        router.Touch(state.Now);
        return Interface(router, port, subnet, [subnet]);
    }

    private void CheckUnused(Router router, Subnet subnet)
    {
        string beginning = $"Router interface for subnet {subnet.Id} on router {router.Id} cannot be deleted, as it is required by one or more";
        if (state.FloatingIps.Any(f => f.Router == router && f.FixedAddress is { } address && f.Port!.FixedIps.Any(a => a.Address == address && a.Subnet == subnet)))
            throw Faults.Conflict("RouterInterfaceInUseByFloatingIP", $"{beginning} floating IPs.");
        if (router.Routes.Any(r => subnet.Cidr.Contains(r.NextHop)))
            throw Faults.Conflict("RouterInterfaceInUseByRoute", $"{beginning} routes.");
    }

    private static ApiResponse Interface(Router router, Port port, Subnet subnet, IReadOnlyList<Subnet> subnets) => ApiResponse.Ok(new JsonObject
    {
        ["id"] = router.Id,
        ["tenant_id"] = router.ProjectId,
        ["port_id"] = port.Id,
        ["network_id"] = port.Network.Id,
        ["subnet_id"] = subnet.Id,
        ["subnet_ids"] = JsonReading.Strings(subnets.Select(s => s.Id)),
    });

    private ApiResponse ChangeRoutes(ApiRequest request, Func<ImmutableArray<Route>, ImmutableArray<Route>, ImmutableArray<Route>> change)
    {
        Router router = _api!.FindToChange(request, "update");
        // Nobody looks at the body before it is used, so that a bad one breaks the service; a route given twice is one.
        if (ResourceType<Router>.BodyOf(request)["router"] is not JsonObject body || body["routes"] is not JsonArray array) throw Faults.Crash();
        var given = array.Select(RouteOf).Distinct().ToImmutableArray();
        ImmutableArray<Route> routes = InOrder(change(router.Routes, given));
        if (routes.Length > router.Routes.Length) CheckRoutes(router, routes);
        if (!routes.SequenceEqual(router.Routes))
        {
            router.Routes = routes;
            router.Touch(state.Now);
        }

        return _api.Answer(200, router, request);
    }

    private static Route RouteOf(JsonNode? node)
        => node is JsonObject route && Prefix.TryParse(route.String("destination"), out Prefix destination) && Ip.TryParse(route.String("nexthop"), out Ip hop)
            ? new Route(destination, hop)
            : throw Faults.Crash();

    /// <summary>As the database gives them: by destination and next hop, each as text.</summary>
    private static ImmutableArray<Route> InOrder(IEnumerable<Route> routes)
        => [.. routes.OrderBy(r => r.Destination.ToString(), StringComparer.Ordinal).ThenBy(r => r.NextHop.ToString(), StringComparer.Ordinal)];

    private void CheckRoutes(Router router, ImmutableArray<Route> routes)
    {
        if (routes.Length > MaximumRoutes)
        {
            throw Faults.Invalid(
                "RoutesExhausted", $"Unable to complete operation for {router.Id}. The number of routes exceeds the maximum {MaximumRoutes}.");
        }

        FixedIp[] own = [.. router.Interfaces.SelectMany(p => p.FixedIps).Concat(router.Gateway?.Port.FixedIps ?? [])];
        Prefix[] connected = [.. own.Select(a => a.Subnet.Cidr).Distinct()];
        foreach (Route route in routes)
        {
            if (!connected.Any(c => c.Contains(route.NextHop))) throw Invalid(routes, "the nexthop is not connected with router");
            if (own.Any(a => a.Address == route.NextHop)) throw Invalid(routes, "the nexthop is used by router");
        }
    }

    private static ApiFault Invalid(ImmutableArray<Route> routes, string reason) => Faults.Invalid(
        "InvalidRoutes", $"Invalid format for routes: [{string.Join(", ", routes.Select(r => r.Repr()))}], {reason}");
}
