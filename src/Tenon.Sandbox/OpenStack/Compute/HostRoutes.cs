using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary>Zones, hypervisors, services and aggregates.</summary>
internal sealed class HostRoutes(ComputeState state)
{
    private static readonly string[] Controllers = ["nova-scheduler", "nova-conductor"];
    private readonly Dictionary<string, string> _controllerIds = Controllers.ToDictionary(c => c, _ => Text.NewUuid());

    public void Map(RouteTable routes)
    {
        routes.Get("/v2.1/os-availability-zone", "availability_zones.list", request => Zones(detail: false));
        routes.Get("/v2.1/os-availability-zone/detail", "availability_zones.detail", request =>
        {
            ComputeFaults.RequireAdmin(request, "os_compute_api:os-availability-zone:detail");
            return Zones(detail: true);
        });
        routes.Get("/v2.1/os-hypervisors", "hypervisors.list", request => Hypervisors(request, detail: false));
        routes.Get("/v2.1/os-hypervisors/detail", "hypervisors.detail", request => Hypervisors(request, detail: true));
        routes.Get("/v2.1/os-hypervisors/statistics", "hypervisors.statistics", Statistics);
        routes.Get("/v2.1/os-hypervisors/{id}/uptime", "hypervisors.uptime", request =>
        {
            ComputeFaults.RequireAdmin(request, "os_compute_api:os-hypervisors:uptime");
            if (request.AtLeast(88)) throw ComputeFaults.Missing();
            JsonObject json = Hypervisor(FindHost(request), request, detail: false);
            json["uptime"] = null;
            return ApiResponse.Wrapped(200, "hypervisor", json);
        });
        routes.Get("/v2.1/os-hypervisors/{id}", "hypervisors.show", request =>
        {
            ComputeFaults.RequireAdmin(request, "os_compute_api:os-hypervisors:show");
            return ApiResponse.Wrapped(200, "hypervisor", Hypervisor(FindHost(request), request, detail: true));
        });
        routes.Get("/v2.1/os-services", "services.list", Services);
        routes.Put("/v2.1/os-services/{id}", "services.update", UpdateService);
        routes.Get("/v2.1/os-aggregates", "aggregates.list", Aggregates);
        routes.Get("/v2.1/extensions", "extensions.list", request => ApiResponse.Ok(new JsonObject { ["extensions"] = new JsonArray() }));
        routes.Get("/v2.1/os-simple-tenant-usage", "usages.list", request => ApiResponse.Ok(new JsonObject { ["tenant_usages"] = new JsonArray() }));
        routes.Get("/v2.1/os-simple-tenant-usage/{project}", "usages.show", Usage);
        routes.Get("/v2.1/os-hosts", "hosts.list", request =>
        {
            ComputeFaults.RequireAdmin(request, "os_compute_api:os-hosts:list");
            if (request.AtLeast(43)) throw ComputeFaults.Missing();
            return ApiResponse.Collection("hosts", state.Hosts.Select(h => new JsonObject { ["host_name"] = h.Name, ["service"] = "compute", ["zone"] = h.Zone }));
        });
        routes.Get("/v2.1/os-migrations", "migrations.list", request => ApiResponse.Ok(new JsonObject { ["migrations"] = new JsonArray() }));
    }

    private JsonObject Alive(bool up = true) => new() { ["available"] = up, ["active"] = true, ["updated_at"] = ComputeJson.Micros(state.Context.Now) };

    private ApiResponse Zones(bool detail)
    {
        IEnumerable<JsonObject> zones = state.Hosts.GroupBy(h => h.Zone).Select(zone => new JsonObject
        {
            ["zoneName"] = zone.Key,
            ["zoneState"] = new JsonObject { ["available"] = zone.Any(h => h.Enabled && !h.ForcedDown) },
            ["hosts"] = detail
                ? new JsonObject(zone.Select(h => new KeyValuePair<string, JsonNode?>(h.Name, new JsonObject { ["nova-compute"] = Alive(!h.ForcedDown) })))
                : null,
        });
        if (detail)
        {
            zones = zones.Append(new JsonObject
            {
                ["zoneName"] = "internal",
                ["zoneState"] = new JsonObject { ["available"] = true },
                ["hosts"] = new JsonObject
                {
                    ["controller"] = new JsonObject(Controllers.Select(c => new KeyValuePair<string, JsonNode?>(c, Alive()))),
                },
            });
        }

        return ApiResponse.Collection("availabilityZoneInfo", zones);
    }

    private ApiResponse Hypervisors(ApiRequest request, bool detail)
    {
        ComputeFaults.RequireAdmin(request, $"os_compute_api:os-hypervisors:list{(detail ? "-detail" : "")}");
        IEnumerable<ComputeHost> hosts = state.Hosts;
        if (request.AtLeast(53) && request.Query["hypervisor_hostname_pattern"] is { } pattern)
            hosts = hosts.Where(h => h.Name.Contains(pattern, StringComparison.OrdinalIgnoreCase));
        return ComputeJson.Page(request, "hypervisors", hosts, h => request.AtLeast(53) ? h.Uuid : h.Id.ToString(), h => Hypervisor(h, request, detail));
    }

    private JsonObject Hypervisor(ComputeHost host, ApiRequest request, bool detail)
    {
        var json = new JsonObject
        {
            ["id"] = request.AtLeast(53) ? host.Uuid : host.Id,
            ["hypervisor_hostname"] = host.Name,
            ["state"] = host.ForcedDown ? "down" : "up",
            ["status"] = host.Enabled ? "enabled" : "disabled",
        };
        if (!detail) return json;
        json["hypervisor_type"] = "QEMU";
        json["hypervisor_version"] = 7_002_000;
        json["host_ip"] = "127.0.0.1";
        json["service"] = new JsonObject
        {
            ["id"] = request.AtLeast(53) ? host.ServiceUuid : host.Id + Controllers.Length, ["host"] = host.Name, ["disabled_reason"] = null,
        };
        if (request.AtLeast(88))
        {
            json["uptime"] = null;
            return json;
        }

        Server[] servers = [.. state.Servers.Where(s => s.Host == host.Name)];
        int cpus = servers.Sum(s => s.Flavor.Vcpus), memory = servers.Sum(s => s.Flavor.Ram) + 512, disk = servers.Sum(s => s.Flavor.Disk);
        json["vcpus"] = ComputeHost.Vcpus;
        json["memory_mb"] = ComputeHost.MemoryMb;
        json["local_gb"] = ComputeHost.DiskGb;
        json["vcpus_used"] = cpus;
        json["memory_mb_used"] = memory;
        json["local_gb_used"] = disk;
        json["free_ram_mb"] = ComputeHost.MemoryMb - memory;
        json["free_disk_gb"] = ComputeHost.DiskGb - disk;
        json["current_workload"] = servers.Count(s => s.TaskState is not null);
        json["running_vms"] = servers.Length;
        json["disk_available_least"] = ComputeHost.DiskGb - disk;
        json["cpu_info"] = request.AtLeast(28) ? new JsonObject() : JsonValue.Create("{}");
        return json;
    }

    private ComputeHost FindHost(ApiRequest request) => state.Hosts.Find(h => h.Uuid == request["id"] || h.Id.ToString() == request["id"])
        ?? throw new ApiFault(404, $"Hypervisor with ID '{request["id"]}' could not be found.");

    private ApiResponse Statistics(ApiRequest request)
    {
        ComputeFaults.RequireAdmin(request, "os_compute_api:os-hypervisors:statistics");
        if (request.AtLeast(88)) throw ComputeFaults.Missing();
        var sums = new JsonObject { ["count"] = state.Hosts.Count };
        foreach (string figure in (string[])["vcpus", "memory_mb", "local_gb", "vcpus_used", "memory_mb_used", "local_gb_used", "free_ram_mb", "free_disk_gb",
                     "current_workload", "running_vms", "disk_available_least"])
            sums[figure] = state.Hosts.Sum(h => Hypervisor(h, request, detail: true).Integer(figure) ?? 0);
        return ApiResponse.Wrapped(200, "hypervisor_statistics", sums);
    }

    private ApiResponse Usage(ApiRequest request)
    {
        if (!request.Token.MaySee(request["project"])) throw ComputeFaults.Policy("os_compute_api:os-simple-tenant-usage:show");
        DateTimeOffset now = state.Context.Now;
        JsonObject[] servers = [.. state.ServersOf(request["project"]).Select(s =>
        {
            double hours = (now - s.Created).TotalHours;
            return new JsonObject
            {
                ["instance_id"] = s.Id, ["name"] = s.Name, ["hours"] = hours, ["tenant_id"] = s.ProjectId, ["flavor"] = s.Flavor.Name, ["vcpus"] = s.Flavor.Vcpus,
                ["memory_mb"] = s.Flavor.Ram, ["local_gb"] = s.Flavor.Disk, ["started_at"] = ComputeJson.Micros(s.Created), ["ended_at"] = null,
                ["state"] = s.VmState, ["uptime"] = (long)(now - s.Created).TotalSeconds,
            };
        })];
        if (servers.Length == 0) return ApiResponse.Wrapped(200, "tenant_usage", new JsonObject());
        double Total(Func<Server, double> of) => state.ServersOf(request["project"]).Sum(s => of(s) * (now - s.Created).TotalHours);
        return ApiResponse.Wrapped(200, "tenant_usage", new JsonObject
        {
            ["tenant_id"] = request["project"],
            ["server_usages"] = new JsonArray([.. servers]),
            ["start"] = request.Query["start"],
            ["stop"] = request.Query["end"],
            ["total_hours"] = Total(_ => 1),
            ["total_vcpus_usage"] = Total(s => s.Flavor.Vcpus),
            ["total_memory_mb_usage"] = Total(s => s.Flavor.Ram),
            ["total_local_gb_usage"] = Total(s => s.Flavor.Disk),
        });
    }

    private ApiResponse Services(ApiRequest request)
    {
        ComputeFaults.RequireAdmin(request, "os_compute_api:os-services:list");
        IEnumerable<JsonObject> services = Controllers.Select((binary, i) => Service(binary, "controller", i + 1, _controllerIds[binary], "internal", true, false, request))
            .Concat(state.Hosts.Select(h => Service("nova-compute", h.Name, h.Id + Controllers.Length, h.ServiceUuid, h.Zone, h.Enabled, h.ForcedDown, request)));
        if (request.Query["binary"] is { } wanted) services = services.Where(s => s.String("binary") == wanted);
        if (request.Query["host"] is { } host) services = services.Where(s => s.String("host") == host);
        return ApiResponse.Collection("services", services);
    }

    private JsonObject Service(string binary, string host, int id, string uuid, string zone, bool enabled, bool down, ApiRequest request)
    {
        var json = new JsonObject
        {
            ["binary"] = binary,
            ["host"] = host,
            ["id"] = request.AtLeast(53) ? uuid : id,
            ["zone"] = zone,
            ["status"] = enabled ? "enabled" : "disabled",
            ["state"] = down ? "down" : "up",
            ["updated_at"] = ComputeJson.Micros(state.Context.Now),
            ["disabled_reason"] = null,
        };
        if (request.AtLeast(11)) json["forced_down"] = down;
        return json;
    }

    private ApiResponse UpdateService(ApiRequest request)
    {
        ComputeFaults.RequireAdmin(request, "os_compute_api:os-services:update");
        ComputeHost host = state.Hosts.Find(h => h.ServiceUuid == request["id"]) ?? throw ComputeFaults.NotFound("Service", request["id"]);
        JsonObject body = request.Body as JsonObject ?? throw ComputeFaults.Bad("Malformed request body");
        if (body.String("status") is { } status) host.Enabled = status == "enabled";
        if (body.Boolean("forced_down") is { } down) host.ForcedDown = down;
        return ApiResponse.Wrapped(200, "service", Service(
            "nova-compute", host.Name, host.Id + Controllers.Length, host.ServiceUuid, host.Zone, host.Enabled, host.ForcedDown, request));
    }

    private ApiResponse Aggregates(ApiRequest request)
    {
        ComputeFaults.RequireAdmin(request, "os_compute_api:os-aggregates:index");
        return ApiResponse.Collection("aggregates", state.Hosts.GroupBy(h => h.Zone).Select((zone, i) => new JsonObject
        {
            ["id"] = i + 1,
            ["name"] = zone.Key,
            ["hosts"] = JsonReading.Strings(zone.Select(h => h.Name)),
            ["metadata"] = new JsonObject { ["availability_zone"] = zone.Key },
            ["created_at"] = ComputeJson.Micros(state.Context.Now),
            ["updated_at"] = null,
            ["deleted_at"] = null,
            ["deleted"] = false,
            ["availability_zone"] = zone.Key,
        }));
    }
}
