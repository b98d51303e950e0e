using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Image;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary>POST /servers/{id}/action.</summary>
internal sealed class ServerActions
{
    private readonly ComputeState _state;
    private readonly INetworkingForCompute _networking;
    private readonly ImageService _images;
    private readonly ServerLifecycle _lifecycle;
    private readonly Dictionary<string, Func<Server, JsonNode?, ApiRequest, ApiResponse>> _actions;

    /// <summary>What changes nothing but the server's state.</summary>
    private static readonly ImmutableArray<StateChange> Changes =
    [
        new("os-start", "start", [VmStates.Stopped], "powering-on", VmStates.Active, 1),
        new("os-stop", "stop", [VmStates.Active, VmStates.Error], "powering-off", VmStates.Stopped, 4),
        new("pause", "pause", [VmStates.Active], "pausing", VmStates.Paused, 3),
        new("unpause", "unpause", [VmStates.Paused], "unpausing", VmStates.Active, 1),
        new("suspend", "suspend", [VmStates.Active], "suspending", VmStates.Suspended, 4),
        new("resume", "resume", [VmStates.Suspended], "resuming", VmStates.Active, 1),
        new("unrescue", "unrescue", [VmStates.Rescued], "unrescuing", VmStates.Active, 1),
        new("shelve", "shelve", [VmStates.Active, VmStates.Stopped, VmStates.Paused, VmStates.Suspended], "shelving", VmStates.ShelvedOffloaded, 4),
        new("unshelve", "unshelve", [VmStates.Shelved, VmStates.ShelvedOffloaded], "unshelving", VmStates.Active, 1),
    ];

    public ServerActions(ComputeState state, INetworkingForCompute networking, ImageService images, ServerLifecycle lifecycle)
    {
        _state = state;
        _networking = networking;
        _images = images;
        _lifecycle = lifecycle;
        _actions = new Dictionary<string, Func<Server, JsonNode?, ApiRequest, ApiResponse>>(StringComparer.Ordinal)
        {
            ["reboot"] = Reboot, ["rescue"] = Rescue, ["rebuild"] = Rebuild, ["resize"] = Resize, ["confirmResize"] = ConfirmResize, ["revertResize"] = RevertResize,
            ["lock"] = Lock, ["unlock"] = Unlock, ["changePassword"] = ChangePassword, ["addSecurityGroup"] = AddSecurityGroup,
            ["removeSecurityGroup"] = RemoveSecurityGroup, ["addFixedIp"] = AddFixedIp, ["removeFixedIp"] = RemoveFixedIp,
            ["os-getConsoleOutput"] = Console, ["os-resetState"] = ResetState, ["forceDelete"] = ForceDelete, ["createImage"] = CreateImage,
        };
        foreach (StateChange change in Changes) _actions.Add(change.Name, (server, _, request) => Apply(server, change, request));
    }

    public void Map(RouteTable routes) => routes.Post("/v2.1/servers/{id}/action", "servers.action", Act);

    private ApiResponse Act(ApiRequest request)
    {
        if (request.Body is not JsonObject body || body.Count != 1) throw ComputeFaults.Bad("Malformed request body");
        string name = body.First().Key;
        if (!_actions.TryGetValue(name, out Func<Server, JsonNode?, ApiRequest, ApiResponse>? action)) throw ComputeFaults.Bad($"There is no such action: {name}");
        Server server = _state.FindServer(request);
        if (!server.Scheduled && server.VmState == VmStates.Error) throw new ApiFault(409, $"Instance {server.Id} is not ready");
        server = _state.FindScheduled(request);
        if (name is not ("unlock" or "lock" or "os-getConsoleOutput" or "os-resetState")) server.Unlocked(request);
        return action(server, body[name], request);
    }

    private static void Check(Server server, string verb, params ReadOnlySpan<string> states)
    {
        if (!states.Contains(server.VmState)) throw new ApiFault(409, $"Cannot '{verb}' instance {server.Id} while it is in vm_state {server.VmState}");
        if (server.TaskState is { } task) throw new ApiFault(409, $"Cannot '{verb}' instance {server.Id} while it is in task_state {task}");
    }

    private ApiResponse Apply(Server server, StateChange change, ApiRequest request)
    {
        Check(server, change.Verb, change.From.AsSpan());
        _lifecycle.Begin(server, request, change.Verb, change.Task, () =>
        {
            server.VmState = change.To;
            server.PowerState = change.Power;
            server.Fault = null;
        });
        return ApiResponse.Empty(202);
    }

    private ApiResponse Reboot(Server server, JsonNode? body, ApiRequest request)
    {
        string type = (body as JsonObject)?.String("type") ?? throw ComputeFaults.Required("reboot", body, "type");
        bool hard = type is "HARD" or "Hard" or "hard";
        if (!hard && type is not ("SOFT" or "Soft" or "soft"))
            throw ComputeFaults.Invalid("type", type, $"'{type}' is not one of ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']");
        // A hard reboot may overtake another reboot.
        if (hard && server.TaskState is "rebooting" or "reboot_pending" or "rebooting_hard") server.TaskState = null;
        if (hard) Check(server, "reboot", VmStates.Active, VmStates.Stopped, VmStates.Paused, VmStates.Suspended, VmStates.Error);
        else Check(server, "reboot", VmStates.Active);
        _lifecycle.Begin(server, request, "reboot", hard ? "rebooting_hard" : "rebooting", () =>
        {
            server.VmState = VmStates.Active;
            server.PowerState = 1;
            server.Fault = null;
        });
        return ApiResponse.Empty(202);
    }

    private ApiResponse Rescue(Server server, JsonNode? body, ApiRequest request)
    {
        Check(server, "rescue", VmStates.Active, VmStates.Stopped, VmStates.Error);
        _lifecycle.Begin(server, request, "rescue", "rescuing", () =>
        {
            server.VmState = VmStates.Rescued;
            server.PowerState = 1;
        });
        return ApiResponse.Ok(new JsonObject { ["adminPass"] = (body as JsonObject)?.String("adminPass") ?? "rescue-password" });
    }

    private ApiResponse Rebuild(Server server, JsonNode? body, ApiRequest request)
    {
        Check(server, "rebuild", VmStates.Active, VmStates.Stopped, VmStates.Error);
        string image = (body as JsonObject)?.String("imageRef") ?? throw ComputeFaults.Required("rebuild", body, "imageRef");
        if (!_images.IsActive(image)) throw ComputeFaults.Bad("Cannot find image for rebuild");
        if (((JsonObject)body!).String("name") is { } name) server.Name = name;
        bool stopped = server.VmState == VmStates.Stopped;
        _lifecycle.Begin(server, request, "rebuild", "rebuilding", () =>
        {
            server.ImageId = image;
            server.VmState = stopped ? VmStates.Stopped : VmStates.Active;
            server.PowerState = stopped ? 4 : 1;
            server.Fault = null;
        });
        JsonObject answer = new ServerJson(_state, _networking).Changed(server, request);
        answer["adminPass"] = (body as JsonObject)?.String("adminPass") ?? ServerCreation.NewPassword();
        return ApiResponse.Wrapped(202, "server", answer).With("Location", $"{request.BaseUrl}/v2.1/servers/{server.Id}");
    }

    private ApiResponse Resize(Server server, JsonNode? body, ApiRequest request)
    {
        Check(server, "resize", VmStates.Active, VmStates.Stopped);
        string reference = (body as JsonObject)?.String("flavorRef") ?? throw ComputeFaults.Required("resize", body, "flavorRef");
        Flavor flavor = _state.Flavors.Find(reference) ?? throw ComputeFaults.Bad("Unable to locate requested flavor.");
        if (flavor == server.Flavor) throw ComputeFaults.Bad("When resizing, instances must change flavor!");
        _lifecycle.Begin(server, request, "resize", "resize_prep", () =>
        {
            server.OldFlavor = server.Flavor;
            server.Flavor = flavor;
            server.VmState = VmStates.Resized;
        });
        return ApiResponse.Empty(202);
    }

    private ApiResponse ConfirmResize(Server server, JsonNode? body, ApiRequest request)
    {
        Check(server, "confirmResize", VmStates.Resized);
        server.OldFlavor = null;
        server.VmState = server.PowerState == 4 ? VmStates.Stopped : VmStates.Active;
        _lifecycle.Done(server, request, "confirmResize");
        return ApiResponse.Empty(204);
    }

    private ApiResponse RevertResize(Server server, JsonNode? body, ApiRequest request)
    {
        Check(server, "revertResize", VmStates.Resized);
        _lifecycle.Begin(server, request, "revertResize", "resize_reverting", () =>
        {
            server.Flavor = server.OldFlavor ?? server.Flavor;
            server.OldFlavor = null;
            server.VmState = server.PowerState == 4 ? VmStates.Stopped : VmStates.Active;
        });
        return ApiResponse.Empty(202);
    }

    private ApiResponse Lock(Server server, JsonNode? body, ApiRequest request)
    {
        server.Locked = true;
        server.LockedReason = (body as JsonObject)?.String("locked_reason");
        _lifecycle.Done(server, request, "lock");
        return ApiResponse.Empty(202);
    }

    private ApiResponse Unlock(Server server, JsonNode? body, ApiRequest request)
    {
        server.Locked = false;
        server.LockedReason = null;
        _lifecycle.Done(server, request, "unlock");
        return ApiResponse.Empty(202);
    }

    private ApiResponse ChangePassword(Server server, JsonNode? body, ApiRequest request)
    {
        Check(server, "changePassword", VmStates.Active);
        _lifecycle.Done(server, request, "changePassword");
        return ApiResponse.Empty(202);
    }

    private ApiResponse AddSecurityGroup(Server server, JsonNode? body, ApiRequest request) => ChangeGroups(server, body, request, add: true);

    private ApiResponse RemoveSecurityGroup(Server server, JsonNode? body, ApiRequest request) => ChangeGroups(server, body, request, add: false);

    private ApiResponse ChangeGroups(Server server, JsonNode? body, ApiRequest request, bool add)
    {
        string name = (body as JsonObject)?.String("name") ?? throw ComputeFaults.Bad("Missing parameter dict");
        string id = _networking.FindSecurityGroup(name, server.ProjectId)
            ?? throw new ApiFault(404, $"Security group {name} is not found for project {server.ProjectId}");
        IReadOnlyList<ServerPort> ports = _networking.PortsOf(server.Id);
        if (!add && !ports.Any(p => p.SecurityGroupIds.Contains(id)))
            throw new ApiFault(404, $"Security group {name} not associated with the instance {server.Id}");
        foreach (ServerPort port in ports)
        {
            if (port.SecurityGroupIds.Contains(id) == add) continue;
            _networking.SetSecurityGroups(port.Id, add ? [.. port.SecurityGroupIds, id] : [.. port.SecurityGroupIds.Where(g => g != id)]);
        }

        _lifecycle.Done(server, request, add ? "addSecurityGroup" : "removeSecurityGroup");
        return ApiResponse.Empty(202);
    }

    private ApiResponse AddFixedIp(Server server, JsonNode? body, ApiRequest request)
    {
        OnlyBefore44(request);
        string networkId = (body as JsonObject)?.String("networkId") ?? throw ComputeFaults.Required("addFixedIp", body, "networkId");
        ServerPort port = _networking.PortsOf(server.Id).FirstOrDefault(p => p.NetworkId == networkId)
            ?? throw new ApiFault(404, $"Network not found for instance {server.Id}.");
        _networking.AddFixedIp(port.Id, networkId);
        _lifecycle.Done(server, request, "addFixedIp");
        return ApiResponse.Empty(202);
    }

    private ApiResponse RemoveFixedIp(Server server, JsonNode? body, ApiRequest request)
    {
        OnlyBefore44(request);
        string address = (body as JsonObject)?.String("address") ?? throw ComputeFaults.Required("removeFixedIp", body, "address");
        ServerPort port = _networking.PortsOf(server.Id).FirstOrDefault(p => p.Addresses.Any(a => a.Address == address))
            ?? throw ComputeFaults.Bad($"Fixed IP {address} not found on instance {server.Id}.");
        _networking.RemoveFixedIp(port.Id, address);
        _lifecycle.Done(server, request, "removeFixedIp");
        return ApiResponse.Empty(202);
    }

    private static void OnlyBefore44(ApiRequest request)
    {
        if (request.AtLeast(44)) throw ComputeFaults.Missing();
    }

    private ApiResponse Console(Server server, JsonNode? body, ApiRequest request)
    {
        string[] lines = [.. server.Actions.Select(a => $"[{Text.Seconds(a.Start)}] {a.Action}"), $"{server.Hostname} login:"];
        int? length = (int?)(body as JsonObject)?.Integer("length");
        return ApiResponse.Ok(new JsonObject { ["output"] = string.Join('\n', length is { } last and >= 0 ? lines.TakeLast(last) : lines) });
    }

    private ApiResponse ResetState(Server server, JsonNode? body, ApiRequest request)
    {
        ComputeFaults.RequireAdmin(request, "os_compute_api:os-admin-actions:reset_state");
        string wanted = (body as JsonObject)?.String("state") ?? throw ComputeFaults.Required("os-resetState", body, "state");
        if (wanted is not ("active" or "error")) throw ComputeFaults.Invalid("state", wanted, $"'{wanted}' is not one of ['active', 'error']");
        server.Generation++;
        server.TaskState = null;
        server.VmState = wanted;
        if (wanted == VmStates.Active) server.Fault = null;
        _lifecycle.Done(server, request, "resetState");
        return ApiResponse.Empty(202);
    }

    private ApiResponse ForceDelete(Server server, JsonNode? body, ApiRequest request)
    {
        _lifecycle.Delete(server, request);
        return ApiResponse.Empty(202);
    }

    private ApiResponse CreateImage(Server server, JsonNode? body, ApiRequest request)
    {
        Check(server, "createImage", VmStates.Active, VmStates.Stopped, VmStates.Paused, VmStates.Suspended);
        string name = (body as JsonObject)?.String("name") ?? throw ComputeFaults.Required("createImage", body, "name");
        string id = _images.Snapshot(name, server.ProjectId, server.Flavor.Disk);
        _lifecycle.Done(server, request, "createImage");
        return request.AtLeast(45)
            ? ApiResponse.Json(202, new JsonObject { ["image_id"] = id })
            : ApiResponse.Empty(202).With("Location", $"{request.BaseUrl}/v2.1/images/{id}");
    }

    private sealed record StateChange(string Name, string Verb, ImmutableArray<string> From, string Task, string To, int Power);
}
