using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary>How servers come to be, change state and go, over time.</summary>
internal sealed class ServerLifecycle(ComputeState state, INetworkingForCompute networking)
{
    private const string Scheduling = "scheduling";

    /// <summary>How much of the time that a server builds the scheduler takes.</summary>
    private const double SchedulingShare = 0.25;

    private RegionContext Context => state.Context;

    /// <summary>Records an action and starts a task: the task state shows until the delay is over, then <paramref name="finish"/> runs.</summary>
    /// <param name="server">The server.</param>
    /// <param name="request">Who asked.</param>
    /// <param name="action">Its name in os-instance-actions.</param>
    /// <param name="task">The task state meanwhile; null for none.</param>
    /// <param name="finish">Sets the final state; it does not run when another task has overtaken this one, or the server is gone.</param>
    public void Begin(Server server, ApiRequest request, string action, string? task, Action finish)
    {
        InstanceAction log = Log(server, request, action);
        server.TaskState = task;
        server.Updated = Context.Now;
        int generation = ++server.Generation;
        Context.Transitions.After(Context.Delays.Server, () =>
        {
            log.Finish = Context.Now;
            if (server.Generation != generation || !state.Servers.Contains(server.Id)) return;
            server.TaskState = null;
            server.Updated = Context.Now;
            finish();
        });
    }

    /// <summary>Records an action that is done at once.</summary>
    public void Done(Server server, ApiRequest request, string action)
    {
        Log(server, request, action).Finish = Context.Now;
        server.Updated = Context.Now;
    }

    /// <summary>Builds a server that is in the table: ports, then ACTIVE; or ERROR with the fault, as the real one reports what Neutron refused.</summary>
    /// <param name="server">The server.</param>
    /// <param name="request">Who asked.</param>
    /// <param name="noHost">Why the scheduler has no host for it; null where it has.</param>
    public void Build(Server server, ApiRequest request, string? noHost)
    {
        Spawn(server, request, noHost);
        if (noHost is not null) return;
        Context.Transitions.After(Context.Delays.Server * SchedulingShare, () =>
        {
            if (server is not { VmState: VmStates.Building, TaskState: Scheduling }) return;
            Place(server);
            server.TaskState = "spawning";
        });
    }

    private void Place(Server server)
    {
        server.Scheduled = true;
        server.Zone = state.Hosts.Find(h => h.Name == server.Host)!.Zone;
    }

    private void Spawn(Server server, ApiRequest request, string? noHost) => Begin(server, request, "create", Scheduling, () =>
    {
        if (noHost is not null)
        {
            server.Actions[^1].Message = "Error";
            Fail(server, $"No valid host was found. {noHost}");
            return;
        }

        Place(server);
        try
        {
            foreach (RequestedNic nic in server.Nics) Attach(server, nic);
        }
        catch (ApiFault fault)
        {
            ReleasePorts(server);
            server.Actions[^1].Message = "Error";
            string? address = fault.Type == "InvalidIpForNetwork" ? server.Nics.FirstOrDefault(n => n.FixedIp is not null)?.FixedIp : null;
            string why = address is null ? fault.Message : $"Invalid input received: Fixed IP {address} is not a valid ip address for network {server.Nics.First(n => n.FixedIp == address).NetworkId}.";
            Fail(server, $"Build of instance {server.Id} aborted: {why}");
            (server.Scheduled, server.Host, server.Zone) = (false, "", server.RequestedZone);
            return;
        }

        server.VmState = VmStates.Active;
        server.PowerState = 1;
        server.Launched = Context.Now;
    });

    /// <summary>Makes or binds the port of one interface.</summary>
    /// <exception cref="ApiFault">Neutron refuses.</exception>
    public ServerPort Attach(Server server, RequestedNic nic)
    {
        if (nic.Forbidden) throw new ApiFault(403, "Failed to allocate the network(s), not rescheduling.");
        if (nic.PortId is { } portId) return networking.BindPort(portId, server.Id, server.Zone, server.Host);
        ServerPort port = networking.CreatePort(new ServerPortRequest
        {
            ServerId = server.Id,
            ProjectId = server.ProjectId,
            NetworkId = nic.NetworkId!,
            FixedIp = nic.FixedIp,
            Zone = server.Zone,
            Host = server.Host,
            SecurityGroups = server.SecurityGroups,
            Tag = nic.Tag,
        });
        server.OwnPorts.Add(port.Id);
        return port;
    }

    /// <summary>Takes a port off a server: deleted where Nova made it.</summary>
    public void Detach(Server server, string portId)
    {
        if (server.OwnPorts.Remove(portId)) networking.DeletePort(portId);
        else networking.UnbindPort(portId);
    }

    /// <summary>Deletes a server: it shows the task until the delay is over, then it is gone with the ports that Nova made.</summary>
    public void Delete(Server server, ApiRequest request)
    {
        InstanceAction log = Log(server, request, "delete");
        server.TaskState = "deleting";
        server.Updated = Context.Now;
        server.Generation++;
        Context.Transitions.After(Context.Delays.Server, () =>
        {
            if (!state.Servers.Contains(server.Id)) return;
            ReleasePorts(server);
            log.Finish = server.Terminated = server.Updated = Context.Now;
            (server.VmState, server.TaskState, server.PowerState) = (VmStates.Deleted, null, 0);
            state.Bury(server);
        });
    }

    /// <summary>Puts a server into ERROR.</summary>
    public void Fail(Server server, string message)
    {
        server.VmState = VmStates.Error;
        server.TaskState = null;
        server.Fault = (Context.Now, message);
        server.Updated = Context.Now;
    }

    private void ReleasePorts(Server server)
    {
        foreach (ServerPort port in networking.PortsOf(server.Id).ToArray()) Detach(server, port.Id);
    }

    private InstanceAction Log(Server server, ApiRequest request, string action)
    {
        var entry = new InstanceAction
        {
            Action = action,
            RequestId = request.RequestId,
            UserId = request.Token.UserId,
            ProjectId = request.Token.ProjectId ?? server.ProjectId,
            Start = Context.Now,
            Event = action switch { "create" => "compute__do_build_and_run_instance", "delete" => "compute_terminate_instance", _ => $"compute_{action}_instance" },
        };
        server.Actions.Add(entry);
        return entry;
    }
}
