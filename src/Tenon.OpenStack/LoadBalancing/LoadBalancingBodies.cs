using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.LoadBalancing;

/// <summary>Writes the bodies of Octavia's requests.</summary>
internal static class LoadBalancingBodies
{
    public static void Write(JsonBody body, LoadBalancerCreate balancer)
    {
        body.Set("name", balancer.Name);
        body.SetUnlessEmpty("description", balancer.Description);
        body.Set("vip_port_id", balancer.VipPortId);
        body.Set("vip_subnet_id", balancer.VipSubnetId);
        body.Set("vip_network_id", balancer.VipNetworkId);
        body.Set("vip_address", balancer.VipAddress);
        body.ObjectsUnlessEmpty("additional_vips", balancer.AdditionalVips, (b, v) =>
        {
            b.Set("subnet_id", v.SubnetId);
            b.Set("ip_address", v.IpAddress);
        });
        body.Set("provider", balancer.Provider);
        body.Set("flavor_id", balancer.FlavorId);
        body.Set("availability_zone", balancer.AvailabilityZone);
        WriteDisabled(body, balancer.AdminStateUp);
        body.SetUnlessEmpty("tags", balancer.Tags);
        body.ObjectsUnlessEmpty("listeners", balancer.Listeners, Write);
        body.ObjectsUnlessEmpty("pools", balancer.Pools, Write);
        body.Set("project_id", balancer.ProjectId);
    }

    public static void Write(JsonBody body, LoadBalancerUpdate update)
    {
        body.Update("name", update.Name);
        body.Update("description", update.Description);
        body.Update("admin_state_up", update.AdminStateUp);
        body.Update("tags", update.Tags);
    }

    public static void Write(JsonBody body, ListenerCreate listener)
    {
        body.Set("name", listener.Name);
        body.Set("protocol", listener.Protocol);
        body.Set("protocol_port", listener.ProtocolPort);
        body.SetUnlessEmpty("description", listener.Description);
        WriteDisabled(body, listener.AdminStateUp);
        body.Set("connection_limit", listener.ConnectionLimit);
        body.Set("default_pool_id", listener.DefaultPoolId);
        if (listener.DefaultPool is { } pool) body.Object("default_pool", b => Write(b, pool));
        if (listener.AllowedCidrs is { } cidrs) body.Strings("allowed_cidrs", cidrs);
        if (!listener.InsertHeaders.IsEmpty) body.Map("insert_headers", listener.InsertHeaders);
        body.Set("timeout_client_data", StatusWords.Milliseconds(listener.TimeoutClientData));
        body.Set("timeout_member_connect", StatusWords.Milliseconds(listener.TimeoutMemberConnect));
        body.Set("timeout_member_data", StatusWords.Milliseconds(listener.TimeoutMemberData));
        body.Set("timeout_tcp_inspect", StatusWords.Milliseconds(listener.TimeoutTcpInspect));
        body.Set("default_tls_container_ref", listener.DefaultTlsContainerRef);
        body.SetUnlessEmpty("sni_container_refs", listener.SniContainerRefs);
        body.SetUnlessEmpty("tags", listener.Tags);
    }

    public static void Write(JsonBody body, ListenerUpdate update)
    {
        body.Update("name", update.Name);
        body.Update("description", update.Description);
        body.Update("admin_state_up", update.AdminStateUp);
        body.SetNullable("connection_limit", update.ConnectionLimit);
        body.SetNullable("default_pool_id", update.DefaultPoolId);
        body.SetNullable("allowed_cidrs", update.AllowedCidrs, (n, v) => body.Strings(n, v!));
        body.SetNullable("insert_headers", update.InsertHeaders, (n, v) => body.Map(n, v!.Value));
        body.SetNullable("timeout_client_data", update.TimeoutClientData, SetMilliseconds);
        body.SetNullable("timeout_member_connect", update.TimeoutMemberConnect, SetMilliseconds);
        body.SetNullable("timeout_member_data", update.TimeoutMemberData, SetMilliseconds);
        body.SetNullable("timeout_tcp_inspect", update.TimeoutTcpInspect, SetMilliseconds);
        body.SetNullable("default_tls_container_ref", update.DefaultTlsContainerRef);
        body.SetNullable("sni_container_refs", update.SniContainerRefs, (n, v) => body.Strings(n, v!));
        body.Update("tags", update.Tags);

        void SetMilliseconds(string name, TimeSpan? value) => body.Set(name, StatusWords.Milliseconds(value));
    }

    public static void Write(JsonBody body, PoolCreate pool)
    {
        body.Set("name", pool.Name);
        body.Set("protocol", pool.Protocol);
        body.Set("lb_algorithm", pool.Algorithm);
        body.SetUnlessEmpty("description", pool.Description);
        if (pool.SessionPersistence is { } persistence) body.Object("session_persistence", b => Write(b, persistence));
        WriteDisabled(body, pool.AdminStateUp);
        body.ObjectsUnlessEmpty("members", pool.Members, Write);
        if (pool.HealthMonitor is { } monitor) body.Object("healthmonitor", b => Write(b, monitor));
        body.SetUnlessEmpty("tags", pool.Tags);
    }

    public static void Write(JsonBody body, PoolUpdate update)
    {
        body.Update("name", update.Name);
        body.Update("description", update.Description);
        body.Update("lb_algorithm", update.Algorithm);
        body.SetNullable("session_persistence", update.SessionPersistence, (n, v) => body.Object(n, b => Write(b, v!)));
        body.Update("admin_state_up", update.AdminStateUp);
        body.Update("tags", update.Tags);
    }

    public static void Write(JsonBody body, MemberSpec member)
    {
        body.Set("address", member.Address);
        body.Set("protocol_port", member.ProtocolPort);
        body.SetUnlessEmpty("name", member.Name);
        body.Set("weight", member.Weight);
        body.Set("subnet_id", member.SubnetId);
        body.Set("monitor_address", member.MonitorAddress);
        body.Set("monitor_port", member.MonitorPort);
        body.Set("backup", member.Backup);
        WriteDisabled(body, member.AdminStateUp);
        body.SetUnlessEmpty("tags", member.Tags);
    }

    public static void Write(JsonBody body, MemberUpdate update)
    {
        body.Update("name", update.Name);
        body.Update("weight", update.Weight);
        body.Update("admin_state_up", update.AdminStateUp);
        body.SetNullable("monitor_address", update.MonitorAddress);
        body.SetNullable("monitor_port", update.MonitorPort);
    }

    public static void Write(JsonBody body, HealthMonitorCreate monitor)
    {
        body.Set("name", monitor.Name);
        body.Set("type", monitor.Type);
        body.Set("delay", Seconds(monitor.Delay));
        body.Set("timeout", Seconds(monitor.Timeout));
        body.Set("max_retries", monitor.MaxRetries);
        body.Set("max_retries_down", monitor.MaxRetriesDown);
        body.Set("url_path", monitor.UrlPath);
        body.Set("http_method", monitor.HttpMethod);
        body.Set("expected_codes", monitor.ExpectedCodes);
        WriteDisabled(body, monitor.AdminStateUp);
        body.SetUnlessEmpty("tags", monitor.Tags);
    }

    public static void Write(JsonBody body, HealthMonitorUpdate update)
    {
        body.Update("name", update.Name);
        body.SetNullable("delay", update.Delay, (n, v) => body.Set(n, Seconds(v)));
        body.SetNullable("timeout", update.Timeout, (n, v) => body.Set(n, Seconds(v)));
        body.Update("max_retries", update.MaxRetries);
        body.Update("max_retries_down", update.MaxRetriesDown);
        body.SetNullable("url_path", update.UrlPath);
        body.SetNullable("http_method", update.HttpMethod);
        body.SetNullable("expected_codes", update.ExpectedCodes);
        body.Update("admin_state_up", update.AdminStateUp);
        body.Update("tags", update.Tags);
    }

    private static void Write(JsonBody body, SessionPersistence persistence)
    {
        body.Set("type", persistence.Type);
        body.Set("cookie_name", persistence.CookieName);
        body.Set("persistence_timeout", persistence.PersistenceTimeout is { } time ? Seconds(time) : null);
        body.Set("persistence_granularity", persistence.PersistenceGranularity);
    }

    private static void WriteDisabled(JsonBody body, bool up)
    {
        if (!up) body.Set("admin_state_up", false);
    }

    private static int? Seconds(TimeSpan time) => (int)time.TotalSeconds;
}
