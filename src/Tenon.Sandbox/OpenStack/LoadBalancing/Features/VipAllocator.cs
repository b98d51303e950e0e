using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Identity;
using Tenon.Sandbox.OpenStack.LoadBalancing.Fields;
using Tenon.Sandbox.OpenStack.LoadBalancing.Model;
using Tenon.Sandbox.OpenStack.Networking;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Attributes;
using Tenon.Sandbox.OpenStack.Networking.Features;
using Tenon.Sandbox.OpenStack.Networking.Resources;

namespace Tenon.Sandbox.OpenStack.LoadBalancing.Features;

/// <summary>Where a load balancer's VIP is to be, once the request was found sound.</summary>
internal sealed record VipPlan(Subnet Subnet, Ip? Address, Port? Port, ImmutableArray<(Subnet Subnet, Ip? Address)> Additional);

/// <summary>Finds the place of a VIP in Neutron and makes its port there.</summary>
internal sealed class VipAllocator(NetworkingService networking)
{
    /// <summary>Finds where the VIP is to be; nothing is made yet.</summary>
    public VipPlan Plan(Input input, TokenInfo token)
    {
        string? subnetId = input.Get<string>("vip_subnet_id"), networkId = input.Get<string>("vip_network_id"), portId = input.Get<string>("vip_port_id");
        var address = input["vip_address"] as Ip?;
        if (subnetId is null && networkId is null && portId is null)
            throw OctaviaFaults.Validation("VIP must contain one of: vip_port_id, vip_network_id, vip_subnet_id.");
        Port? port = null;
        Subnet subnet;
        if (portId is not null)
        {
            if (!networking.State.Ports.TryGet(portId, out port) || !NetworkState.Sees(token, port)) throw OctaviaFaults.NoSuch("Port", portId);
            FixedIp found = OnPort(port, subnetId, address);
            subnet = found.Subnet;
            address = found.Address;
        }
        else
        {
            subnet = subnetId is not null ? SubnetOf(subnetId, token) : InNetwork(networkId!, address, token);
        }

        return new VipPlan(subnet, address, port, Additional(input["additional_vips"] as JsonArray, subnet, token));
    }

    /// <summary>Makes the port and writes the addresses into the load balancer.</summary>
    public void Allocate(LoadBalancer balancer, VipPlan plan)
    {
        bool ovn = balancer.Provider == ProviderRules.Ovn;
        // OVN's driver makes a port of its own whatever it is given, at an address that is then taken.
        Port port = plan.Port is { } given && !ovn ? given : MakePort(balancer, plan);
        balancer.OwnsPort = plan.Port is null;
        FixedIp vip = port.FixedIps.First(a => a.Subnet == plan.Subnet && (plan.Address is null || a.Address == plan.Address));
        if (plan.Port is not null && plan.Additional.Length > 0)
        {
            PortAllocator.Readdress(port,
            [
                .. port.FixedIps.Select(a => new FixedIpRequest(a.Subnet.Id, a.Address)),
                .. plan.Additional.Where(a => port.FixedIps.All(f => f.Subnet != a.Subnet)).Select(a => new FixedIpRequest(a.Subnet.Id, a.Address)),
            ]);
        }

        balancer.VipPortId = port.Id;
        balancer.VipAddress = vip.Address;
        balancer.VipSubnetId = vip.Subnet.Id;
        balancer.VipNetworkId = port.Network.Id;
        // OVN's driver does nothing about further addresses: they are remembered as they were asked for.
        balancer.AdditionalVips =
        [
            .. plan.Additional.Select(a => new AdditionalVip(a.Subnet.Id, ovn ? a.Address : port.FixedIps.First(f => f.Subnet == a.Subnet).Address)),
        ];
        if (plan.Port is not null && !ovn)
        {
            networking.State.Attach(port, "lb-" + balancer.Id, "Octavia");
            port.Touch(networking.Context.Now);
        }
    }

    /// <summary>Removes the port, or gives it back to who made it.</summary>
    public void Release(LoadBalancer balancer)
    {
        if (!networking.State.Ports.TryGet(balancer.VipPortId, out Port? port)) return;
        if (balancer.OwnsPort)
        {
            networking.Allocator.Remove(port);
        }
        else if (balancer.Provider != ProviderRules.Ovn)
        {
            networking.State.Attach(port, "", "");
            port.Touch(networking.Context.Now);
        }
    }

    /// <summary>Whether a port has an address, as OVN's health checks need of a member.</summary>
    public bool HasPort(string subnetId, Ip address) => networking.State.Ports.Any(p => p.FixedIps.Any(a => a.Subnet.Id == subnetId && a.Address == address));

    /// <summary>Whether an address is of a subnet.</summary>
    public bool IsIn(string subnetId, Ip address) => networking.State.Subnets.TryGet(subnetId, out Subnet? subnet) && subnet.Cidr.Contains(address);

    /// <summary>Refuses a QoS policy that is not there; there are none here.</summary>
    public static void CheckQos(string? id)
    {
        if (id is not null) throw OctaviaFaults.NoSuch("qos_policy", id);
    }

    /// <summary>A subnet that the asker sees.</summary>
    public Subnet SubnetOf(string id, TokenInfo token)
        => networking.State.Subnets.TryGet(id, out Subnet? subnet) && NetworkState.Sees(token, subnet) ? subnet : throw OctaviaFaults.NoSuch("Subnet", id);

    private Port MakePort(LoadBalancer balancer, VipPlan plan)
    {
        bool ovn = balancer.Provider == ProviderRules.Ovn;
        try
        {
            return networking.Allocator.Create(new PortSpec(plan.Subnet.Network, balancer.ProjectId)
            {
                Name = (ovn ? "ovn-lb-vip-" : "octavia-lb-") + balancer.Id,
                DeviceOwner = ovn ? "" : "Octavia",
                DeviceId = ovn ? "" : "lb-" + balancer.Id,
                AdminStateUp = ovn,
                FixedIps =
                [
                    new FixedIpRequest(plan.Subnet.Id, plan.Address),
                    .. ovn ? [] : plan.Additional.Select(a => new FixedIpRequest(a.Subnet.Id, a.Address)),
                ],
            });
        }
        catch (ApiFault fault) when (ovn)
        {
            throw OctaviaFaults.ProviderError(balancer.Provider, $"{fault.Message}\nNeutron server returns request_ids: ['req-{Text.NewUuid()}']");
        }
        catch (ApiFault fault)
        {
            throw new ApiFault(fault.Status, fault.Message);
        }
    }

    private static FixedIp OnPort(Port port, string? subnetId, Ip? address)
    {
        foreach (FixedIp has in port.FixedIps)
        {
            bool matches = subnetId is not null ? has.Subnet.Id == subnetId && (address is null || has.Address == address)
                : address is not null ? has.Address == address
                : port.FixedIps.Length == 1;
            if (matches) return has;
        }

        throw OctaviaFaults.Validation(
            subnetId is not null ? "No VIP address found on the specified VIP port within the specified subnet."
            : address is not null ? "Specified VIP address not found on the specified VIP port."
            : "VIP port's subnet could not be determined. Please specify either a VIP subnet or address.");
    }

    private Subnet InNetwork(string id, Ip? address, TokenInfo token)
    {
        if (!networking.State.Networks.TryGet(id, out Network? network) || !NetworkState.Sees(token, network)) throw OctaviaFaults.NoSuch("Network", id);
        if (address is { } wanted)
        {
            return network.Subnets.FirstOrDefault(s => s.Cidr.Contains(wanted))
                   ?? throw OctaviaFaults.Validation("Supplied network does not contain a subnet for VIP address specified.");
        }

        if (network.Subnets.Count == 0) throw OctaviaFaults.Validation("Supplied network does not contain a subnet.");
        // IPv4 goes first where a network has both.
        return network.Subnets.FirstOrDefault(s => s.Cidr.Version == 4) ?? network.Subnets[0];
    }

    private ImmutableArray<(Subnet Subnet, Ip? Address)> Additional(JsonArray? given, Subnet primary, TokenInfo token)
    {
        if (given is null) return [];
        var found = ImmutableArray.CreateBuilder<(Subnet, Ip?)>();
        foreach (JsonNode? item in given)
        {
            if (item is not JsonObject vip) throw OctaviaFaults.Field("additional_vips", Python.Str(item), "Value should be a dictionary");
            if (vip.FirstOrDefault(p => p.Key is not ("subnet_id" or "ip_address")).Key is { } unknown)
                throw new ApiFault(400, $"Unknown attribute for argument load_balancer.loadbalancer.additional_vips: {unknown}");
            Ip? address = vip["ip_address"] is { } a ? (Ip)Value.Address("ip_address", a)! : null;
            if (vip["subnet_id"] is not { } s) throw OctaviaFaults.Missing("subnet_id");
            string id = (string)Value.Uuid("subnet_id", s)!;
            if (!networking.State.Subnets.TryGet(id, out Subnet? subnet) || !NetworkState.Sees(token, subnet))
                throw new ApiFault(500, $"subnet not found (subnet id: {id}).");
            found.Add((subnet, address));
        }

        if (found.Select(f => f.Item1).Append(primary).GroupBy(s => s).Any(g => g.Count() > 1))
            throw OctaviaFaults.Validation("Duplicate VIP subnet(s) specified. Only one IP can be bound per subnet.");
        if (found.Any(f => f.Item1.Network != primary.Network))
            throw OctaviaFaults.Validation("All VIP subnets must belong to the same network.");
        return found.ToImmutable();
    }
}
