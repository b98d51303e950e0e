using Tenon.Conformance.Tests.Support;
using static Tenon.Conformance.Tests.Networking.Making;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>What happens at a limit: in a project that only exists as the owner of what the administrator makes for it.</summary>
public sealed class QuotaCases(Clouds clouds)
{
    [Theory(Timeout = Limit), Sides]
    public async Task A_full_quota_is_a_conflict_that_names_the_resource_and_many_are_refused_together(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string project = Guid.NewGuid().ToString("N");
        scratch.Forget(Service, $"/v2.0/quotas/{project}", admin: true);
        (await cloud.Admin.PutAsync($"quotas/{project}", new { quota = new { network = 2, security_group = 5 } })).ShouldBe(200)["quota/network"].ShouldBe("2");
        Task<Answer> Make() => scratch.NewAsync("networks", "network", new { name = scratch.Name, project_id = project }, admin: true);
        await Make();
        object one = new { name = scratch.Name, project_id = project };
        (await cloud.Admin.PostAsync("networks", new { networks = new[] { one, one } })).ShouldFail(409, "OverQuota", "Quota exceeded for resources: ['network'].");
        await Make();
        (await cloud.Admin.PostAsync("networks", new { network = one })).ShouldFail(409, "OverQuota", "Quota exceeded for resources: ['network'].");
        Answer details = await cloud.Admin.GetAsync($"quotas/{project}/details.json");
        details.ShouldBe(200)["quota/network/limit"].ShouldBe("2");
        details["quota/network/used"].ShouldBe("2");
        (await cloud.Admin.GetAsync($"networks?project_id={project}")).List("networks").Count.ShouldBe(2);
        await Leave(cloud, scratch, project);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_project_s_limits_are_forgotten_once(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        string project = Guid.NewGuid().ToString("N");
        (await cloud.Admin.PutAsync($"quotas/{project}", new { quota = new { port = 3 } })).ShouldBe(200);
        (await cloud.Admin.GetAsync($"quotas/{project}"))["quota/port"].ShouldBe("3");
        (await cloud.Admin.DeleteAsync($"quotas/{project}")).ShouldBe(204);
        (await cloud.Admin.DeleteAsync($"quotas/{project}")).ShouldFail(404, "TenantQuotaNotFound", $"Quota for tenant {project} could not be found.");
        (await cloud.Admin.GetAsync($"quotas/{project}"))["quota/port"].ShouldBe((await cloud.Admin.GetAsync($"quotas/{project}/default"))["quota/port"]);
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("A project has its default group when it makes its first group. It has it as soon as somebody asks for its groups")]
    public async Task Who_asks_for_a_project_s_groups_makes_its_default_group(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string project = Guid.NewGuid().ToString("N");
        (await cloud.Admin.GetAsync($"security-groups?project_id={project}")).Each("security_groups", "name").ShouldBe(["default"]);
        await Leave(cloud, scratch, project);
    }

    /// <summary>The default group of a project comes by itself, so that a case must ask for it to delete it.</summary>
    private static async Task Leave(CloudSide cloud, Scratch scratch, string project)
    {
        foreach (System.Text.Json.Nodes.JsonObject group in (await cloud.Admin.GetAsync($"security-groups?project_id={project}")).List("security_groups"))
            scratch.Forget(Service, $"/v2.0/security-groups/{group["id"]}", admin: true);
    }
}
