using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Identity;
using Tenon.Sandbox.OpenStack.Networking.Attributes;
using Tenon.Sandbox.OpenStack.Networking.Resources;

namespace Tenon.Sandbox.OpenStack.Networking.Features;

/// <summary>Trunks: one parent port, many subports told apart by VLAN.</summary>
internal sealed class TrunkFeature(NetworkState state, PortAllocator allocator)
{
    public void Map(RouteTable routes)
    {
        var api = new ResourceApi<Trunk>
        {
            Type = PortTypes.Trunks,
            Path = "trunks",
            Table = state.Trunks,
            State = state,
            NotFound = id => Faults.NotFound("TrunkNotFound", $"Trunk {id} could not be found."),
            Create = Create,
            Update = (trunk, input, _) =>
            {
                input.When<string>("name", name => trunk.Name = name);
                input.When<string>("description", text => trunk.Description = text);
                input.When<bool>("admin_state_up", up => trunk.AdminStateUp = up);
            },
            Delete = Delete,
        };
        api.Map(routes);
        routes.Put("/v2.0/trunks/{id}/add_subports", "trunks.add_subports", request => Change(api, request, Add));
        routes.Put("/v2.0/trunks/{id}/remove_subports", "trunks.remove_subports", request => Change(api, request, Remove));
        routes.Get("/v2.0/trunks/{id}/get_subports", "trunks.get_subports", request =>
        {
            Trunk trunk = api.Find(request);
            return ApiResponse.Json(200, writer =>
            {
                writer.WriteStartObject();
                writer.WritePropertyName("sub_ports");
                JsonOut.Write(writer, trunk.SubPorts.Cast<IJson>());
                writer.WriteEndObject();
            });
        });
    }

    /// <summary>Subports follow their parent to its host.</summary>
    public void Follow(Port parent)
    {
        if (parent.Trunk is not { } trunk) return;
        foreach (SubPort sub in trunk.SubPorts) allocator.Bind(sub.Port, parent.HostId);
    }

    private static ApiFault ParentInUse(string id)
        => Faults.Conflict("ParentPortInUse", $"Port {id} is currently in use and is not eligible for use as a parent port.");

    private static ApiFault InOtherTrunk(string id) => Faults.Conflict("TrunkPortInUse", $"Port {id} is in use by another trunk.");

    private static void CheckEnabled(Trunk trunk)
    {
        if (!trunk.AdminStateUp) throw Faults.Conflict("TrunkDisabled", $"Trunk {trunk.Id} is currently disabled.");
    }

    private Trunk Create(Input input, string project, TokenInfo token)
    {
        state.Quotas.Check(project, "trunk", () => state.Trunks.Count(t => t.ProjectId == project));
        Port parent = state.PortFor(token, input.Get<string>("port_id")!);
        if (parent.SubportOf is not null) throw InOtherTrunk(parent.Id);
        if (parent.Trunk is not null) throw ParentInUse(parent.Id);
        var trunk = new Trunk
        {
            Id = Text.NewUuid(), ProjectId = project, Name = input.Or("name", ""), Description = input.Or("description", ""), Parent = parent,
            AdminStateUp = input.Or("admin_state_up", true), Status = "ACTIVE", CreatedAt = state.Now,
        };
        ImmutableArray<SubPort> subs = Resolve(trunk, input.Or("sub_ports", ImmutableArray<SubPortRequest>.Empty), token);
        trunk.Born(state.Now, 1);
        state.Trunks.Add(trunk.Id, trunk);
        parent.Trunk = trunk;
        Attach(trunk, subs);
        return trunk;
    }

    private void Delete(Trunk trunk)
    {
        CheckEnabled(trunk);
        foreach (SubPort sub in trunk.SubPorts) Detach(sub.Port);
        trunk.Parent.Trunk = null;
        state.Trunks.Remove(trunk.Id);
    }

    /// <summary>The ports behind the subports asked for, once all of them are found fit.</summary>
    private ImmutableArray<SubPort> Resolve(Trunk trunk, ImmutableArray<SubPortRequest> requests, TokenInfo token)
    {
        var found = ImmutableArray.CreateBuilder<SubPort>(requests.Length);
        foreach (SubPortRequest request in requests)
        {
            if (!request.Given.ContainsKey("segmentation_id") || !request.Given.ContainsKey("segmentation_type"))
            {
                throw Faults.InvalidInput(
                    $"Invalid subport details '{Python.Repr(request.Given)}': missing segmentation information. "
                    + "Must specify both segmentation_id and segmentation_type");
            }

            if (Parse.Number(request.Given["segmentation_id"]) is null)
                throw Faults.InvalidInput($"Invalid subport details: segmentation_id '{Python.Str(request.Given["segmentation_id"])}' is not an integer");
            if (request.SegmentationType != "vlan") throw Faults.InvalidInput($"Unknown segmentation_type '{request.SegmentationType}'");
            if (request.SegmentationId is < 1 or > 4094)
                throw Faults.InvalidInput($"Segmentation ID '{Python.Str(request.Given["segmentation_id"])}' is not in range");
            if (found.Any(s => s.SegmentationId == request.SegmentationId))
                throw Faults.InvalidInput($"Segmentation ID '{request.SegmentationId}' for '{request.PortId}' is not unique");
            Port port = state.PortFor(token, request.PortId);
            if (port.Trunk is not null || port == trunk.Parent) throw ParentInUse(port.Id);
            if (port.SubportOf is not null) throw InOtherTrunk(port.Id);
            if (port.DeviceId.Length > 0)
            {
                throw Faults.Conflict(
                    "PortInUse",
                    $"Unable to complete operation on port {port.Id} for network {port.Network.Id}. Port already has an attached device {port.DeviceId}.");
            }

            if (trunk.SubPorts.Any(s => s.SegmentationId == request.SegmentationId))
            {
                throw Faults.Conflict(
                    "DuplicateSubPort",
                    $"segmentation_type vlan and segmentation_id {request.SegmentationId} already in use on trunk {trunk.Id}.");
            }

            found.Add(new SubPort(port, request.SegmentationType, request.SegmentationId));
        }

        return found.ToImmutable();
    }

    private void Attach(Trunk trunk, ImmutableArray<SubPort> subs)
    {
        foreach (SubPort sub in subs)
        {
            sub.Port.SubportOf = trunk;
            state.Attach(sub.Port, sub.Port.DeviceId, NeutronOwners.Subport);
            allocator.Bind(sub.Port, trunk.Parent.HostId);
            sub.Port.Touch(state.Now);
        }

        trunk.SubPorts = [.. trunk.SubPorts, .. subs];
    }

    private void Detach(Port port)
    {
        port.SubportOf = null;
        state.Attach(port, port.DeviceId, "");
        allocator.Bind(port, "");
        port.Touch(state.Now);
    }

    private void Add(Trunk trunk, ImmutableArray<SubPortRequest> requests, TokenInfo token) => Attach(trunk, Resolve(trunk, requests, token));

    private void Remove(Trunk trunk, ImmutableArray<SubPortRequest> requests, TokenInfo token)
    {
        foreach (SubPortRequest request in requests)
        {
            if (!trunk.SubPorts.Any(s => s.Port.Id == request.PortId))
                throw Faults.NotFound("SubPortNotFound", $"SubPort {request.PortId} on trunk {trunk.Id} could not be found.");
        }

        HashSet<string> gone = [.. requests.Select(r => r.PortId)];
        foreach (SubPort sub in trunk.SubPorts.Where(s => gone.Contains(s.Port.Id))) Detach(sub.Port);
        trunk.SubPorts = [.. trunk.SubPorts.Where(s => !gone.Contains(s.Port.Id))];
    }

    /// <summary>Neutron answers these two calls with the trunk unwrapped, DOWN until the change has arrived.</summary>
    private ApiResponse Change(ResourceApi<Trunk> api, ApiRequest request, Action<Trunk, ImmutableArray<SubPortRequest>, TokenInfo> change)
    {
        Trunk trunk = api.FindToChange(request, "update");
        JsonObject body = ResourceType<Trunk>.BodyOf(request);
        if (!body.ContainsKey("sub_ports")) throw Faults.Crash();
        ImmutableArray<SubPortRequest> requests = PortTypes.ReadSubPorts(body["sub_ports"]);
        CheckEnabled(trunk);
        change(trunk, requests, request.Token);
        trunk.Touch(state.Now);
        trunk.Status = "DOWN";
        // A change that is none is not carried out, and so not reported as done.
        if (requests.Length > 0) state.Context.Transitions.After(TimeSpan.Zero, () => trunk.Status = "ACTIVE");
        return ApiResponse.Json(200, writer => api.Type.Write(writer, trunk, request.Token.IsAdmin, []));
    }
}
