using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary>The accounts and the catalog that every sandbox has.</summary>
internal static class IdentitySeed
{
    private static readonly string[] RoleNames =
    [
        "admin", "member", "reader", "service", "creator", "heat_stack_owner",
        "load-balancer_admin", "load-balancer_member", "load-balancer_observer", "load-balancer_global_observer",
    ];

    /// <summary>Domain Default; roles; projects admin, service and demo; users admin and demo.</summary>
    public static void Accounts(IdentityStore store)
    {
        store.Domains.Add("default", new Domain { Id = "default", Name = "Default", Description = "The default domain" });
        foreach (string name in RoleNames)
        {
            var role = new Role { Id = Text.NewHexId(), Name = name };
            if (name is "admin" or "member" or "reader") role.Options = new JsonObject { ["immutable"] = true };
            store.Roles.Add(role.Id, role);
        }

        Project adminProject = AddProject(store, "admin", "Bootstrap project for initializing the cloud.");
        AddProject(store, "service", "");
        Project demoProject = AddProject(store, "demo", "");
        User admin = AddUser(store, "admin");
        User demo = AddUser(store, "demo");
        store.Assignments.Add(new RoleAssignment(admin.Id, store.RoleNamed("admin").Id, null, null));
        store.Assignments.Add(new RoleAssignment(admin.Id, store.RoleNamed("admin").Id, null, "default"));
        store.Assignments.Add(new RoleAssignment(admin.Id, store.RoleNamed("admin").Id, adminProject.Id, null));
        store.Assignments.Add(new RoleAssignment(admin.Id, store.RoleNamed("admin").Id, demoProject.Id, null));
        foreach (string role in (string[])["member", "load-balancer_member", "creator"])
            store.Assignments.Add(new RoleAssignment(demo.Id, store.RoleNamed(role).Id, demoProject.Id, null));
    }

    /// <summary>One service a type, with a public, an internal and an admin endpoint a region.</summary>
    public static void Catalog(IdentityStore store, IEnumerable<(string Type, string Name, string Region, string Url)> endpoints)
    {
        foreach ((string type, string name, string region, string url) in endpoints)
        {
            if (!store.Regions.Contains(region)) store.Regions.Add(region, new CatalogRegion { Id = region });
            CatalogService? service = store.Services.FirstOrDefault(s => s.Type == type);
            if (service is null)
            {
                service = new CatalogService { Id = Text.NewHexId(), Name = name, Type = type };
                store.Services.Add(service.Id, service);
            }

            foreach (string kind in (string[])["public", "internal", "admin"])
            {
                string id = Text.NewHexId();
                store.Endpoints.Add(id, new CatalogEndpoint { Id = id, ServiceId = service.Id, Interface = kind, RegionId = region, Url = url });
            }
        }
    }

    private static Project AddProject(IdentityStore store, string name, string description)
    {
        var project = new Project { Id = Text.NewHexId(), Name = name, DomainId = "default", ParentId = "default", Description = description };
        store.Projects.Add(project.Id, project);
        return project;
    }

    private static User AddUser(IdentityStore store, string name)
    {
        var user = new User { Id = Text.NewHexId(), Name = name, DomainId = "default", Password = WorldSeeder.Password };
        store.Users.Add(user.Id, user);
        return user;
    }
}
