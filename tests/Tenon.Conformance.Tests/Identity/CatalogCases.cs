using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;
using Tenon.OpenStack;
using Tenon.OpenStack.Identity;

namespace Tenon.Conformance.Tests.Identity;

/// <summary>The catalog, regions, projects, and what only the administrator may ask.</summary>
public sealed class CatalogCases(Clouds clouds)
{
    [Theory(Timeout = 120_000), Sides]
    public async Task Every_service_has_its_three_endpoints_in_the_region(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        IReadOnlyList<JsonObject> catalog = (await cloud.Member.GetAsync("identity", "/auth/catalog")).ShouldBe(200).List("catalog");
        foreach (string type in (string[])["identity", "compute", "network", "load-balancer", "image", "placement"])
        {
            JsonObject service = catalog.Single(s => s["type"]!.ToString() == type);
            service["id"].ShouldNotBeNull();
            service["name"].ShouldNotBeNull();
            JsonObject[] endpoints = [.. service["endpoints"]!.AsArray().OfType<JsonObject>()];
            endpoints.Select(e => e["interface"]!.ToString()).ShouldBe(["public", "internal", "admin"], ignoreOrder: true);
            endpoints.ShouldAllBe(e => e["region"]!.ToString() == cloud.Member.Account.Region && e["region_id"]!.ToString() == cloud.Member.Account.Region);
            endpoints.ShouldAllBe(e => Uri.IsWellFormedUriString(e["url"]!.ToString(), UriKind.Absolute) && e["id"] != null);
        }
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Everybody_may_list_regions_and_an_unknown_one_answers_404(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        string name = cloud.Member.Account.Region;
        JsonObject region = (await cloud.Member.GetAsync("identity", "/regions")).ShouldBe(200).List("regions").Single(r => r["id"]!.ToString() == name);
        region["description"]!.ToString().ShouldBe("");
        region.ContainsKey("parent_region_id").ShouldBeTrue();
        (await cloud.Member.GetAsync("identity", $"/regions/{name}")).ShouldBe(200)["region/id"].ShouldBe(name);
        (await cloud.Member.GetAsync("identity", "/regions/Atlantis")).ShouldRefuse(404, "Could not find region: Atlantis.");
        (await cloud.Member.GetAsync("identity", "/regions", "X-Auth-Token:")).ShouldRefuse(401, "The request you have made requires authentication.");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task A_member_may_see_their_own_project_and_user_and_no_other(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        Wire wire = cloud.Member;
        (await wire.GetAsync("identity", $"/projects/{wire.ProjectId}")).ShouldBe(200)["project/name"].ShouldBe(wire.Account.Project);
        (await wire.GetAsync("identity", $"/users/{wire.UserId}")).ShouldBe(200)["user/name"].ShouldBe(wire.Account.User);
        (await wire.GetAsync("identity", $"/users/{wire.UserId}/projects")).ShouldBe(200).List("projects").Select(p => p["id"]!.ToString()).ShouldContain(wire.ProjectId);
        const string Refused = "You are not authorized to perform the requested action: identity:";
        (await wire.GetAsync("identity", $"/projects/{cloud.Admin.ProjectId}")).ShouldRefuse(403, Refused + "get_project.");
        (await wire.GetAsync("identity", $"/projects/{Guid.NewGuid():N}")).ShouldRefuse(403, Refused + "get_project.");
        (await wire.GetAsync("identity", "/projects")).ShouldRefuse(403, Refused + "list_projects.");
        (await wire.GetAsync("identity", "/services")).ShouldRefuse(403, Refused + "list_services.");
        (await wire.GetAsync("identity", "/roles")).ShouldRefuse(403, Refused + "list_roles.");
    }

    [Theory(Timeout = 120_000), Sides, Believed("Only administrators may see a domain.")]
    public async Task A_member_may_see_the_domain_of_their_project(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        (await cloud.Member.GetAsync("identity", "/domains/default")).ShouldBe(200)["domain/name"].ShouldBe("Default");
        (await cloud.Member.GetAsync("identity", "/domains")).ShouldRefuse(403, "You are not authorized to perform the requested action: identity:list_domains.");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task What_does_not_exist_answers_404_with_its_kind_and_ID(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        string id = Guid.NewGuid().ToString("N");
        foreach (string kind in (string[])["project", "user", "domain", "role", "service", "endpoint"])
            (await cloud.Admin.GetAsync("identity", $"/{kind}s/{id}")).ShouldRefuse(404, $"Could not find {kind}: {id}.");
        Answer url = (await cloud.Member.GetAsync("identity", "/no-such-thing")).ShouldBe(404);
        url.Json.ShouldBeNull();
        url.Text.ShouldContain("<title>404 Not Found</title>");
        (await cloud.Member.GetAsync("identity", "/no-such-thing", "X-Auth-Token:")).ShouldBe(404);
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Names_of_projects_and_users_are_taken_once_in_a_domain(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire wire = await scratch.NewProjectAsync();
        (await cloud.Admin.PostAsync("identity", "/projects", new { project = new { name = wire.Account.Project } })).ShouldRefuse(409, "Conflict occurred attempting to store project");
        (await cloud.Admin.PostAsync("identity", "/users", new { user = new { name = wire.Account.User } })).ShouldRefuse(409, "Conflict occurred attempting to store user");
        (await cloud.Admin.PostAsync("identity", "/projects", new { project = new { } })).ShouldRefuse(400, "'name' is a required property");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Our_client_reads_who_it_is_where_it_is_and_what_there_is(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using CloudClient client = cloud.Connect();
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        AuthenticatedIdentity self = await client.Identity.GetSelfAsync(cancellationToken);
        self.UserId.ShouldBe(cloud.Member.UserId);
        self.UserDomainId.ShouldBe("default");
        self.ProjectId.ShouldBe(cloud.Member.ProjectId);
        self.ProjectName.ShouldBe(cloud.Member.Account.Project);
        self.Roles.ShouldContain("member");
        self.ExpiresAt.ShouldBeGreaterThan(TimeProvider.System.GetUtcNow());
        (await client.Identity.GetRegionsAsync(cancellationToken)).ShouldBe([cloud.Member.Account.Region]);
        (await client.Identity.HasServiceAsync(ServiceTypes.Compute, null, cancellationToken)).ShouldBeTrue();
        (await client.Identity.HasServiceAsync(ServiceTypes.LoadBalancer, "Atlantis", cancellationToken)).ShouldBeFalse();
        var projects = new List<Project>();
        await foreach (Project project in client.Identity.ListProjectsAsync(cancellationToken)) projects.Add(project);
        projects.ShouldContain(p => p.Id == cloud.Member.ProjectId && p.Enabled && p.DomainId == "default");
    }
}
