using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Compute;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Placement;

/// <summary>Placement: reads of providers, inventories, usages and allocations, all derived from Nova's hosts and servers.</summary>
internal sealed class PlacementService : ApiService
{
    private static readonly Microversion Lowest = new(1, 0);
    private static readonly Microversion Highest = new(1, 39);
    private readonly ComputeState _compute;

    public PlacementService(ComputeService compute)
    {
        _compute = compute.State;
        Routes.Get("/", "versions.list", request => ApiResponse.Ok(new JsonObject
        {
            ["versions"] = new JsonArray(new JsonObject
            {
                ["id"] = "v1.0", ["max_version"] = Highest.ToString(), ["min_version"] = Lowest.ToString(), ["status"] = "CURRENT",
                ["links"] = new JsonArray(new JsonObject { ["rel"] = "self", ["href"] = "" }),
            }),
        }), anonymous: true);
        Admin("/resource_providers", "resource_providers.list", List);
        Admin("/resource_providers/{id}", "resource_providers.show", request => ApiResponse.Ok(Render(Find(request), request)));
        Admin("/resource_providers/{id}/inventories", "inventories.list", request => ApiResponse.Ok(new JsonObject
        {
            ["resource_provider_generation"] = 1,
            ["inventories"] = new JsonObject
            {
                ["VCPU"] = Inventory(ComputeHost.Vcpus, 0, 16.0), ["MEMORY_MB"] = Inventory(ComputeHost.MemoryMb, 512, 1.5), ["DISK_GB"] = Inventory(ComputeHost.DiskGb, 0, 1.0),
            },
        }));
        Admin("/resource_providers/{id}/usages", "resource_providers.usages", request => ApiResponse.Ok(new JsonObject
        {
            ["resource_provider_generation"] = 1, ["usages"] = Resources(On(Find(request))),
        }));
        Admin("/resource_providers/{id}/aggregates", "resource_providers.aggregates", request => Since(request, 1, new JsonObject { ["aggregates"] = new JsonArray() }));
        Admin("/resource_providers/{id}/traits", "resource_providers.traits", request => Since(request, 6, new JsonObject
        {
            ["traits"] = new JsonArray("COMPUTE_NODE", "COMPUTE_NET_ATTACH_INTERFACE"), ["resource_provider_generation"] = 1,
        }));
        Admin("/resource_providers/{id}/allocations", "resource_providers.allocations", request => ApiResponse.Ok(new JsonObject
        {
            ["allocations"] = new JsonObject(On(Find(request)).Select(s => new KeyValuePair<string, JsonNode?>(s.Id, new JsonObject { ["resources"] = Resources([s]) }))),
            ["resource_provider_generation"] = 1,
        }));
        Admin("/allocations/{consumer}", "allocations.show", Allocations);
        Admin("/usages", "usages.show", request => Since(request, 9, new JsonObject
        {
            ["usages"] = Resources(_compute.ServersOf(request.Query["project_id"] ?? throw new ApiFault(400, "'project_id' is a required property"))),
        }));
        Admin("/resource_classes", "resource_classes.list", request => Since(request, 2, new JsonObject
        {
            ["resource_classes"] = new JsonArray([.. ((string[])["VCPU", "MEMORY_MB", "DISK_GB"]).Select(name => (JsonNode)new JsonObject
            {
                ["name"] = name, ["links"] = new JsonArray(new JsonObject { ["rel"] = "self", ["href"] = $"/resource_classes/{name}" }),
            })]),
        }));
        Admin("/traits", "traits.list", request => Since(request, 6, new JsonObject { ["traits"] = new JsonArray("COMPUTE_NODE", "COMPUTE_NET_ATTACH_INTERFACE") }));
    }

    /// <inheritdoc/>
    public override string Name => "placement";

    /// <inheritdoc/>
    public override void Begin(ApiRequest request)
    {
        request.Version = Lowest;
        foreach (string part in (request.Header("OpenStack-API-Version") ?? "").Split(','))
        {
            string[] words = part.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is not ["placement", string wanted]) continue;
            if (wanted == "latest")
            {
                request.Version = Highest;
                continue;
            }

            request.Version = default;
            if (!Microversion.TryParse(wanted, out Microversion version)) throw new ApiFault(400, $"invalid version string: {wanted}");
            if (version < Lowest || version > Highest) throw new ApiFault(406, $"Unacceptable version header: {wanted}");
            request.Version = version;
        }
    }

    /// <inheritdoc/>
    public override void Finish(ApiRequest request, IDictionary<string, string> headers)
    {
        if (request.Version.Major == 0) return;
        headers.TryAdd("OpenStack-API-Version", $"placement {request.Version}");
        headers.TryAdd("Vary", "openstack-api-version");
    }

    /// <inheritdoc/>
    public override ApiResponse Render(ApiFault fault, ApiRequest request)
    {
        (string title, string lead) = fault.Status switch
        {
            400 => ("Bad Request", "The server could not comply with the request since it is either malformed or otherwise incorrect."),
            403 => ("Forbidden", "Access was denied to this resource."),
            404 => ("Not Found", "The resource could not be found."),
            405 => ("Method Not Allowed", $"The method {request.Method} is not allowed for this resource. "),
            406 => ("Not Acceptable", "The resource could not be generated that was acceptable to your browser (content of type application/json. "),
            409 => ("Conflict", "There was a conflict when trying to complete your request."),
            503 => ("Service Unavailable", "The server is currently unavailable. Please try again at a later time."),
            _ => ("Internal Server Error", "The server has either erred or is incapable of performing the requested operation."),
        };
        var error = new JsonObject
        {
            ["status"] = fault.Status, ["title"] = title, ["detail"] = $"{lead}\n\n {fault.Message}  ", ["request_id"] = request.RequestId,
        };
        if (fault.Status == 406)
        {
            error["max_version"] = Highest.ToString();
            error["min_version"] = Lowest.ToString();
        }

        return ApiResponse.Json(fault.Status, new JsonObject { ["errors"] = new JsonArray(error) });
    }

    /// <inheritdoc/>
    public override ApiFault NoRoute(ApiRequest request) => new(404, "");

    /// <inheritdoc/>
    public override ApiFault NoMethod(ApiRequest request, IReadOnlyCollection<string> allowed)
        => new(405, "The method specified is not allowed for this resource.") { Headers = { ["Allow"] = string.Join(", ", allowed) } };

    private void Admin(string template, string operation, Func<ApiRequest, ApiResponse> handler) => Routes.Get(template, operation, request =>
    {
        if (!request.Token.IsAdmin && !request.Token.HasRole("service"))
            throw new ApiFault(403, $"Policy does not allow placement:{operation.Replace('.', ':')} to be performed.");
        return handler(request);
    });

    private static ApiResponse Since(ApiRequest request, int minor, JsonObject body)
        => request.Version >= new Microversion(1, minor) ? ApiResponse.Ok(body) : throw new ApiFault(404, "");

    private ComputeHost Find(ApiRequest request)
        => _compute.Hosts.Find(h => h.Uuid == request["id"]) ?? throw new ApiFault(404, $"No resource provider with uuid {request["id"]} found");

    private IEnumerable<Server> On(ComputeHost host) => _compute.Servers.Where(s => s.Host == host.Name);

    private ApiResponse List(ApiRequest request)
    {
        IEnumerable<ComputeHost> hosts = _compute.Hosts;
        if (request.Query["name"] is { } name) hosts = hosts.Where(h => h.Name == name);
        if (request.Query["uuid"] is { } uuid) hosts = hosts.Where(h => h.Uuid == uuid);
        return ApiResponse.Collection("resource_providers", hosts.Select(h => Render(h, request)));
    }

    private static JsonObject Render(ComputeHost host, ApiRequest request)
    {
        string self = $"/resource_providers/{host.Uuid}";
        var links = new List<JsonNode>();
        void Link(string rel, string href, int since)
        {
            if (request.Version >= new Microversion(1, since)) links.Add(new JsonObject { ["rel"] = rel, ["href"] = href });
        }

        Link("self", self, 0);
        Link("inventories", self + "/inventories", 0);
        Link("usages", self + "/usages", 0);
        Link("aggregates", self + "/aggregates", 1);
        Link("traits", self + "/traits", 6);
        Link("allocations", self + "/allocations", 11);
        var json = new JsonObject { ["uuid"] = host.Uuid, ["name"] = host.Name, ["generation"] = 1, ["links"] = new JsonArray([.. links]) };
        if (request.Version < new Microversion(1, 14)) return json;
        json["parent_provider_uuid"] = null;
        json["root_provider_uuid"] = host.Uuid;
        return json;
    }

    private static JsonObject Inventory(int total, int reserved, double ratio) => new()
    {
        ["total"] = total, ["reserved"] = reserved, ["min_unit"] = 1, ["max_unit"] = total, ["step_size"] = 1, ["allocation_ratio"] = ratio,
    };

    private static JsonObject Resources(IEnumerable<Server> servers)
    {
        Server[] all = [.. servers];
        return new JsonObject
        {
            ["VCPU"] = all.Sum(s => s.Flavor.Vcpus), ["MEMORY_MB"] = all.Sum(s => s.Flavor.Ram), ["DISK_GB"] = all.Sum(s => s.Flavor.Disk),
        };
    }

    private ApiResponse Allocations(ApiRequest request)
    {
        var allocations = new JsonObject();
        if (_compute.Servers.Find(request["consumer"]) is { } server && _compute.Hosts.Find(h => h.Name == server.Host) is { } host)
            allocations[host.Uuid] = new JsonObject { ["resources"] = Resources([server]), ["generation"] = 1 };
        return ApiResponse.Ok(new JsonObject { ["allocations"] = allocations });
    }
}
